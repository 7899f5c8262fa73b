import { useState } from "react";
import { Button, Form } from "react-aria-components";
import { useQuery } from "urql";
import { problemOf } from "../api/problems";
import { useFrame, useMay } from "../frame/viewer";
import type { NotificationKind } from "../gql/graphql";
import { Check } from "../ui/Check";
import { Field } from "../ui/fields";
import { Status, type Tone } from "../ui/Status";
import { Refusals, Trouble } from "../ui/Trouble";
import { useGuard } from "../ui/useGuard";
import { visible } from "../ui/times";
import { When } from "../ui/When";
import type { IconName } from "../ui/icons";
import { WEBHOOK_NOTIFICATIONS } from "./page-documents";
import { useSaving } from "./useSaving";
import type { Webhook } from "./WebhookPage";

const KINDS: [kind: NotificationKind, text: string][] = [
  ["AUTO_DISABLED", "It was disabled automatically"],
  ["FAILING", "It has begun to fail"],
  ["RECOVERED", "It works again"],
  ["DELIVERY_FAILED", "A delivery has failed for good"],
  ["SYNC_FAILED", "A webhooks file could not be applied"],
];
const MAILS: Record<string, [Tone, IconName, string]> = {
  SENT: ["good", "check", "Sent"],
  FAILED: ["bad", "cross", "Failed"],
  PENDING: ["calm", "clock", "Pending"],
  HELD: ["calm", "pause", "Held"],
  UNCONFIRMED: ["warn", "question", "Not confirmed"],
};

/** Addresses that get mails about a webhook, about what, and what became of the latest. */
export function EmailTab({ webhook, read }: { webhook: Webhook; read: () => void }) {
  const mayWrite = useMay()("webhooks:write");
  const { server } = useFrame();
  const saved = webhook.notificationEmails.join(", ");
  const [emails, setEmails] = useState<string | null>(null);
  const [kinds, setKinds] = useState<readonly NotificationKind[] | null>(null);
  const { save, isBusy, refused } = useSaving(webhook.id);
  const isDirty = (emails !== null && emails !== saved) || kinds !== null;
  useGuard(isDirty);
  const submit = async () => {
    const addresses = emails === null ? {} : { notificationEmails: emails.split(/[;\n]/).map((text) => text.trim()).filter(Boolean) };
    if (!(await save({ ...addresses, ...(kinds ? { notifyOn: kinds } : {}) }, webhook.version))) return;
    setEmails(null);
    setKinds(null);
    read();
  };
  const chosen = kinds ?? webhook.notifyOn;
  const conflict = refused.isConflict ? ["Somebody saved this webhook meanwhile. What was saved is loaded now: look at it, and save again."] : [];
  return (
    <div className="form">
      <Refusals words={[...refused.rest, ...conflict]} />
      {!server.hasMailServer && (
        <p className="faint">This server has no mail server: each mail is written as a file into its outbox folder.</p>
      )}
      <Form
        onSubmit={(event) => {
          event.preventDefault();
          if (!isBusy && isDirty) void submit();
        }}
      >
        <Field
          label="Addresses"
          value={emails ?? saved}
          onChange={setEmails}
          error={refused.fields.notificationEmails}
          help="Separated by commas or semicolons; names as in Jane Doe <jane@example.com> are understood."
          isDisabled={!mayWrite}
        />
        <fieldset>
          <legend className="label">A mail is sent when</legend>
          {KINDS.map(([kind, text]) => (
            <Check
              key={kind}
              isOn={chosen.includes(kind)}
              onChange={(isOn) => setKinds(isOn ? [...chosen, kind] : chosen.filter((one) => one !== kind))}
              isDisabled={!mayWrite}
            >
              {text}
            </Check>
          ))}
          {refused.fields.notifyOn && <p className="field-error">{refused.fields.notifyOn}</p>}
        </fieldset>
        <div className="buttons">
          <Button type="submit" className="button primary" isDisabled={!mayWrite || !isDirty}>
            {isBusy ? "Saving…" : "Save"}
          </Button>
        </div>
      </Form>
      <Receipts id={webhook.id} />
    </div>
  );
}

function Receipts({ id }: { id: string }) {
  const [{ data, error }, again] = useQuery({ query: WEBHOOK_NOTIFICATIONS, variables: { id } });
  const problem = problemOf(error);
  const found = data?.notifications?.nodes ?? [];
  return (
    <section>
      <h2>Latest notifications</h2>
      {problem && <Trouble problem={problem} retry={() => again({ requestPolicy: "network-only" })} />}
      {data && !found.length && <p className="faint">There was none yet.</p>}
      <ul className="plain-list">
        {found.map((one) => (
          <li key={one.id}>
            {visible(one.message)} <When at={one.createdAt} />
            {one.emails.map((mail) => {
              const [tone, icon, word] = MAILS[mail.status] ?? ["calm", "question", mail.status];
              return (
                <span key={mail.address} className="under">
                  {visible(mail.address)}{" "}
                  <Status tone={tone} icon={icon}>
                    {word}
                  </Status>{" "}
                  {mail.sentAt && <When at={mail.sentAt} />} {mail.error && visible(mail.error)}{mail.file && visible(`in the outbox folder: ${mail.file}`)}
                </span>
              );
            })}
          </li>
        ))}
      </ul>
    </section>
  );
}
