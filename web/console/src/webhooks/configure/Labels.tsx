import { Button } from "react-aria-components";
import { Field } from "../../ui/fields";
import type { LabelRow } from "../form";
import type { Part } from "./useWebhookForm";

/** Key-value pairs, by which lists are filtered and which templates see. */
export function Labels({ form, set, fields, isDisabled }: Part) {
  const { labels } = form;
  const change = (at: number, row: Partial<LabelRow>) => set({ labels: labels.map((old, place) => (place === at ? { ...old, ...row } : old)) });
  return (
    <fieldset>
      <legend className="label">Labels</legend>
      {labels.map((row, at) => (
        <div className="pair" key={at}>
          <Field label={`Key ${at + 1}`} value={row.key} onChange={(key) => change(at, { key })} isMono isDisabled={isDisabled} />
          <Field label={`Label value ${at + 1}`} value={row.value} onChange={(value) => change(at, { value })} isMono isDisabled={isDisabled} />
          <Button
            className="button"
            isDisabled={isDisabled}
            aria-label={`Remove label ${at + 1}`}
            onPress={() => set({ labels: labels.filter((_, place) => place !== at) })}
          >
            Remove
          </Button>
        </div>
      ))}
      {fields.labels && <p className="field-error">{fields.labels}</p>}
      <Button className="button" isDisabled={isDisabled} onPress={() => set({ labels: [...labels, { key: "", value: "" }] })}>
        Add label
      </Button>
    </fieldset>
  );
}
