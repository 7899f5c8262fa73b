import { useEffect, useRef, useState } from "react";
import { Button, Form } from "react-aria-components";
import { useFrame, useMay } from "../frame/viewer";
import type { NotificationKind } from "../gql/graphql";
import { Check } from "../ui/Check";
import { Field } from "../ui/fields";
import { Icon } from "../ui/icons";
import { visible } from "../ui/times";
import { Refusals } from "../ui/Trouble";
import { useGuard } from "../ui/useGuard";
import { AutoDisableRule } from "../notifications/AutoDisableRule";
import { MailExample } from "../notifications/MailExample";
import { WebhookMails } from "../notifications/WebhookMails";
import { Managed } from "./Managed";
import { Saved } from "./Saved";
import { useSaving } from "./useSaving";
import type { Webhook } from "./types";

const CHOICES: [kind: NotificationKind, text: string][] = [
  ["AUTO_DISABLED", "It was disabled automatically"],
  ["FAILING", "It has begun to fail"],
  ["RECOVERED", "It works again"],
  ["DELIVERY_FAILED", "A delivery has failed for good"],
  ["SYNC_FAILED", "A webhooks file could not be applied"],
];

interface Draft {
  removed: readonly string[];
  added: string;
  kinds: readonly NotificationKind[] | null;
}

const UNCHANGED: Draft = { removed: [], added: "", kinds: null };
// What is not saved outlives a change of tab: in memory alone, and only for whoever typed it.
const drafts = new Map<string, Draft>();

/** Addresses that get mails about a webhook, about what, and what became of the latest. */
export function EmailTab({ webhook, read }: { webhook: Webhook; read: () => void }) {
  const may = useMay();
  const isListener = Boolean(webhook.listener);
  const mayWrite = may("webhooks:write") && !isListener;
  const key = `${useFrame().viewer.id} ${webhook.id}`;
  const [draft, setDraft] = useState(() => drafts.get(key) ?? UNCHANGED);
  const { save, isBusy, isSaved, refused, forget } = useSaving(webhook.id);
  const whole = useRef<HTMLDivElement>(null);
  useEffect(() => whole.current?.querySelector<HTMLElement>("[aria-invalid=true], [role=alert]")?.focus(), [refused]);
  const kept = webhook.notificationEmails.filter((address) => !draft.removed.includes(address));
  // A list of lines is one of commas: the server takes no line end within an address.
  const added = draft.added.trim().replaceAll(/\s*\n\s*/g, ", ");
  const isDirty = kept.length < webhook.notificationEmails.length || Boolean(added) || draft.kinds !== null;
  useGuard(isDirty);
  const set = (change: Partial<Draft>) => {
    const next = { ...draft, ...change };
    setDraft(next);
    drafts.set(key, next);
  };
  const discard = () => {
    setDraft(UNCHANGED);
    drafts.delete(key);
    forget();
  };
  const submit = async (reason?: string) => {
    const isListChanged = added || kept.length < webhook.notificationEmails.length;
    const emails = isListChanged ? { notificationEmails: added ? [...kept, added] : kept } : {};
    if (await save({ ...emails, ...(draft.kinds ? { notifyOn: draft.kinds } : {}) }, webhook.version, reason)) discard();
    read();
  };
  const conflict = refused.isConflict ? ["Somebody saved this webhook meanwhile. What was saved is loaded now: look at it, and save again."] : [];
  return (
    <div className="form" ref={whole}>
      <Refusals words={[...refused.rest, ...conflict]} />
      {refused.isManaged && <Managed webhook={webhook} force={(reason) => void submit(reason)} />}
      <Form
        onSubmit={(event) => {
          event.preventDefault();
          if (!isBusy && isDirty) void submit();
        }}
      >
        <Addresses kept={kept} draft={draft} set={set} isDisabled={!mayWrite} error={refused.fields.notificationEmails} />
        <Kinds chosen={draft.kinds ?? webhook.notifyOn} set={(kinds) => set({ kinds })} isDisabled={!mayWrite} error={refused.fields.notifyOn} />
        <div className="buttons">
          <Button type="submit" className="button primary" isDisabled={!mayWrite || !isDirty}>
            {isBusy ? "Saving…" : "Save"}
          </Button>
          <Button className="button" isDisabled={!isDirty} onPress={discard}>
            Discard changes
          </Button>
          <Saved is={isSaved && !isDirty} />
          {!mayWrite && <span className="faint">{isListener ? "A listener is as its command made it." : "Saving needs the scope webhooks:write."}</span>}
        </div>
      </Form>
      <AutoDisableRule id={webhook.id} version={webhook.version} />
      <MailExample webhook={webhook} />
      {may("deliveries:read") && <WebhookMails webhook={webhook} />}
    </div>
  );
}

interface AddressesProps {
  kept: readonly string[];
  draft: Draft;
  set: (change: Partial<Draft>) => void;
  isDisabled: boolean;
  error?: string;
}

function Addresses({ kept, draft, set, isDisabled, error }: AddressesProps) {
  return (
    <fieldset>
      <legend className="label">Addresses</legend>
      {!kept.length && <p className="faint">Nobody gets mails about this webhook.</p>}
      <ul className="plain-list">
        {kept.map((address) => (
          <li key={address}>
            {visible(address)}{" "}
            <Button className="ghost" aria-label={`Remove ${address}`} isDisabled={isDisabled} onPress={() => set({ removed: [...draft.removed, address] })}>
              <Icon name="cross" />
            </Button>
          </li>
        ))}
      </ul>
      <Field
        label="Add addresses"
        value={draft.added}
        onChange={(text) => set({ added: text })}
        error={error}
        help="One, or a pasted list: separated by commas, semicolons or lines, with names as in Jane Doe <jane@example.com>. At most 20."
        isLong
        isDisabled={isDisabled}
      />
    </fieldset>
  );
}

interface KindsProps {
  chosen: readonly NotificationKind[];
  set: (kinds: readonly NotificationKind[]) => void;
  isDisabled: boolean;
  error?: string;
}

function Kinds({ chosen, set, isDisabled, error }: KindsProps) {
  return (
    <fieldset>
      <legend className="label">A mail is sent when</legend>
      {CHOICES.map(([kind, text]) => (
        <Check key={kind} isOn={chosen.includes(kind)} onChange={(isOn) => set(isOn ? [...chosen, kind] : chosen.filter((one) => one !== kind))} isDisabled={isDisabled}>
          {text}
        </Check>
      ))}
      {error && <p className="field-error">{error}</p>}
    </fieldset>
  );
}
