import type { WebhookFormFragment } from "../../gql/graphql";
import { Field } from "../../ui/fields";
import type { Part } from "./useWebhookForm";

/** The secret header and the basic authentication. Their values are sent and never shown. */
export function Credentials({ form, set, fields, isDisabled, base }: Part & { base: WebhookFormFragment }) {
  return (
    <>
      <fieldset className="pair">
        <legend className="label">Secret header</legend>
        <Field label="Header" value={form.secretName} onChange={(secretName) => set({ secretName })} error={fields.secretHeader} isMono isDisabled={isDisabled} />
        <Field
          label="Value"
          type="password"
          value={form.secretValue}
          onChange={(secretValue) => set({ secretValue })}
          placeholder={base.secretHeader ? "kept unless you type another one" : ""}
          isDisabled={isDisabled}
        />
      </fieldset>
      <fieldset className="pair">
        <legend className="label">HTTP basic auth</legend>
        <Field label="User" value={form.username} onChange={(username) => set({ username })} error={fields.basicAuth} isDisabled={isDisabled} />
        <Field
          label="Password"
          type="password"
          value={form.password}
          onChange={(password) => set({ password })}
          placeholder={base.basicAuth ? "kept unless you type another one" : ""}
          isDisabled={isDisabled}
        />
      </fieldset>
    </>
  );
}
