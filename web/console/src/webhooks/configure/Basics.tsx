import type { ReactNode } from "react";
import { useFrame } from "../../frame/viewer";
import { Check } from "../../ui/Check";
import { Field } from "../../ui/fields";
import type { Part } from "./useWebhookForm";

/** What a webhook is, where it sends to and from which environments. children: what belongs to the URL. */
export function Basics({ form, set, fields, isDisabled, children }: Part & { children: ReactNode }) {
  const { server } = useFrame();
  return (
    <>
      <Field label="Name" value={form.name} onChange={(name) => set({ name })} error={fields.name} isDisabled={isDisabled} />
      <Field label="Description" value={form.description} onChange={(description) => set({ description })} error={fields.description} isDisabled={isDisabled} />
      <Field label="URL" value={form.url} onChange={(url) => set({ url })} error={fields.url} isMono isDisabled={isDisabled} />
      {children}
      <Check isOn={form.active} onChange={(active) => set({ active })} isDisabled={isDisabled}>
        Active: receives events
      </Check>
      <fieldset>
        <legend className="label">Environments</legend>
        {[...new Set([...server.environments, ...form.environments])].map((name) => (
          <Check
            key={name}
            isOn={form.environments.includes(name)}
            onChange={(isOn) => set({ environments: isOn ? [...form.environments, name] : form.environments.filter((one) => one !== name) })}
            isDisabled={isDisabled}
          >
            {name}
          </Check>
        ))}
        {fields.environments && <p className="field-error">{fields.environments}</p>}
      </fieldset>
    </>
  );
}
