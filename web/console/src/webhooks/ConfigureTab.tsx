import { useEffect, useRef, useState } from "react";
import { Button, Form as AriaForm } from "react-aria-components";
import { useFrame, useMay } from "../frame/viewer";
import { Check } from "../ui/Check";
import { Field } from "../ui/fields";
import { Refusals } from "../ui/Trouble";
import { useGuard } from "../ui/useGuard";
import { Conflict } from "./Conflict";
import { changesIn, eventsOf, formOf, type Form } from "./form";
import { HeaderRows } from "./HeaderRows";
import { Managed } from "./Managed";
import { useSaving } from "./useSaving";
import type { Webhook } from "./WebhookPage";

/** The form of a webhook. What others save meanwhile does not touch it: the server refuses, and both versions are shown. */
export function ConfigureTab({ webhook, read }: { webhook: Webhook; read: () => void }) {
  const { server } = useFrame();
  const mayWrite = useMay()("webhooks:write");
  // What was read when editing began: changes are told from it, and saved under its version.
  const [base, setBase] = useState(webhook);
  const [form, setForm] = useState(() => formOf(webhook));
  const before = formOf(base);
  const changes = changesIn(form, before);
  const isDirty = Object.keys(changes).length > 0;
  const { save, isBusy, refused, forget } = useSaving(webhook.id);
  const whole = useRef<HTMLDivElement>(null);
  // Behind the render that shows what was refused: a frame asked for beside it may come before.
  useEffect(() => whole.current?.querySelector<HTMLElement>("[aria-invalid=true], [role=alert]")?.focus(), [refused]);
  useGuard(isDirty);
  const isBehind = webhook.version !== base.version;
  const begin = (from: Webhook) => {
    setBase(from);
    setForm(formOf(from));
    forget();
  };
  // Nobody is editing: what others have saved is shown at once.
  if (isBehind && !isDirty && !isBusy) begin(webhook);
  const submit = async (version: number | null, reason?: string) => {
    if (await save(changes, version, reason)) {
      // Secret values leave the page as soon as the server has them; the rest is what the next answer brings.
      setForm({ ...form, secretValue: "", password: "" });
      setBase({ ...base, ...stored(form), version: (version ?? base.version) + 1 });
      read();
    }
  };
  const set = (change: Partial<Form>) => setForm({ ...form, ...change });
  const { fields } = refused;
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
        <Field label="Name" value={form.name} onChange={(name) => set({ name })} error={fields.name} isDisabled={!mayWrite} />
        <Field label="Description" value={form.description} onChange={(description) => set({ description })} error={fields.description} isDisabled={!mayWrite} />
        <Field label="URL" value={form.url} onChange={(url) => set({ url })} error={fields.url} isMono isDisabled={!mayWrite} />
        <Check isOn={form.active} onChange={(active) => set({ active })} isDisabled={!mayWrite}>
          Active: receives events
        </Check>
        <fieldset>
          <legend className="label">Environments</legend>
          {[...new Set([...server.environments, ...form.environments])].map((name) => (
            <Check
              key={name}
              isOn={form.environments.includes(name)}
              onChange={(isOn) => set({ environments: isOn ? [...form.environments, name] : form.environments.filter((one) => one !== name) })}
              isDisabled={!mayWrite}
            >
              {name}
            </Check>
          ))}
          {fields.environments && <p className="field-error">{fields.environments}</p>}
        </fieldset>
        <Field
          label="Triggering events"
          value={form.events}
          onChange={(events) => set({ events })}
          error={fields.events}
          help="One pattern object.model.action a line; * stands for any one segment."
          isLong
          isDisabled={!mayWrite}
        />
        <HeaderRows rows={form.headers} setRows={(headers) => set({ headers })} error={fields.headers} isDisabled={!mayWrite} />
        <fieldset className="pair">
          <legend className="label">Secret header</legend>
          <Field label="Header" value={form.secretName} onChange={(secretName) => set({ secretName })} error={fields.secretHeader} isMono isDisabled={!mayWrite} />
          <Field
            label="Value"
            type="password"
            value={form.secretValue}
            onChange={(secretValue) => set({ secretValue })}
            placeholder={base.secretHeader ? "kept unless you type another one" : ""}
            isDisabled={!mayWrite}
          />
        </fieldset>
        <fieldset className="pair">
          <legend className="label">HTTP basic auth</legend>
          <Field label="User" value={form.username} onChange={(username) => set({ username })} error={fields.basicAuth} isDisabled={!mayWrite} />
          <Field
            label="Password"
            type="password"
            value={form.password}
            onChange={(password) => set({ password })}
            placeholder={base.basicAuth ? "kept unless you type another one" : ""}
            isDisabled={!mayWrite}
          />
        </fieldset>
        <div className="buttons">
          <Button type="submit" className="button primary" isDisabled={!mayWrite || !isDirty}>
            {isBusy ? "Saving…" : "Save"}
          </Button>
          <Button className="button" isDisabled={!isDirty} onPress={() => begin(webhook)}>
            Discard changes
          </Button>
          {!mayWrite && <span className="faint">Saving needs the scope webhooks:write.</span>}
        </div>
      </AriaForm>
    </div>
  );
}

/** The fields of a form as a webhook has them once they are saved. */
function stored(form: Form): Partial<Webhook> {
  return {
    name: form.name,
    description: form.description || null,
    url: form.url,
    active: form.active,
    environments: form.environments,
    events: eventsOf(form.events),
    headers: form.headers,
    secretHeader: form.secretName ? { name: form.secretName } : null,
    basicAuth: form.username ? { username: form.username } : null,
  };
}
