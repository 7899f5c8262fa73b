import { useEffect, useRef } from "react";
import { Button, Form as AriaForm } from "react-aria-components";
import { useMay } from "../frame/viewer";
import { Refusals } from "../ui/Trouble";
import { Advanced, useAdvanced } from "./configure/Advanced";
import { Basics } from "./configure/Basics";
import { Credentials } from "./configure/Credentials";
import { Events } from "./configure/Events";
import { OnlyWhen } from "./configure/OnlyWhen";
import { ShowAs } from "./configure/ShowAs";
import { Signing } from "./configure/Signing";
import { SigningSecret } from "./configure/SigningSecret";
import { useTrial } from "./configure/useTrial";
import { useWebhookForm } from "./configure/useWebhookForm";
import { Conflict } from "./Conflict";
import { formOf } from "./form";
import { HeaderRows } from "./HeaderRows";
import { Managed } from "./Managed";
import { Saved } from "./Saved";
import type { Webhook } from "./types";

/** The form of a webhook, in the order in which people fill it in. */
export function ConfigureTab({ webhook, read }: { webhook: Webhook; read: () => void }) {
  const isListener = Boolean(webhook.listener);
  const mayWrite = useMay()("webhooks:write") && !isListener;
  const { base, before, form, set, changes, isDirty, isBusy, isSaved, refused, begin, submit } = useWebhookForm(webhook, read);
  const whole = useRef<HTMLDivElement>(null);
  // Behind the render that shows what was refused: a frame asked for beside it may come before.
  useEffect(() => whole.current?.querySelector<HTMLElement>("[aria-invalid=true], [role=alert], .editor-host[data-invalid]")?.focus(), [refused]);
  const { fields } = refused;
  const isAdvanced = useAdvanced(fields);
  const trial = useTrial(webhook.id, form, changes, isAdvanced || Boolean(form.filter.trim()));
  const part = { form, set, fields, isDisabled: !mayWrite };
  return (
    <div className="form" ref={whole}>
      <Refusals words={refused.rest} />
      {refused.isConflict && (
        <Conflict mine={form} base={before} theirs={formOf(webhook)} by={webhook} take={() => begin(webhook)} overwrite={() => void submit(webhook.version)} />
      )}
      {refused.isManaged && <Managed webhook={webhook} force={(reason) => void submit(base.version, reason)} />}
      <AriaForm
        onSubmit={(event) => {
          event.preventDefault();
          if (!isBusy && isDirty) void submit(base.version);
        }}
      >
        <Basics {...part}>
          <SigningSecret webhook={webhook} read={read} />
        </Basics>
        <Events {...part} />
        <OnlyWhen {...part} id={webhook.id} changes={changes} trial={trial} />
        <HeaderRows rows={form.headers} setRows={(headers) => set({ headers })} error={fields.headers} isDisabled={!mayWrite} />
        <Credentials {...part} base={base} />
        <Advanced {...part} isOpen={isAdvanced} trial={trial} />
        <div className={isDirty ? "buttons unsaved" : "buttons"}>
          <Button type="submit" className="button primary" isDisabled={!mayWrite || !isDirty}>
            {isBusy ? "Saving…" : "Save"}
          </Button>
          <Button className="button" isDisabled={!isDirty} onPress={() => begin(webhook)}>
            Discard changes
          </Button>
          <Saved is={isSaved} />
          {!mayWrite && <span className="faint">{isListener ? "A listener is as its command made it." : "Saving needs the scope webhooks:write."}</span>}
        </div>
      </AriaForm>
      <ShowAs base={base} changes={changes} />
      <Signing webhook={webhook} />
    </div>
  );
}
