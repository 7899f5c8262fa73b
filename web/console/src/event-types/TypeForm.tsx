import { useEffect, useRef, useState } from "react";
import { Button, Form } from "react-aria-components";
import { useClient } from "urql";
import { placedAt, problemOf } from "../api/problems";
import { useMay } from "../frame/viewer";
import type { TypeRowFragment } from "../gql/graphql";
import { Check } from "../ui/Check";
import { Editor } from "../ui/Editor";
import { Field } from "../ui/fields";
import { jsonFault, jsonOf, textOf } from "../ui/json";
import { guardLeaving } from "../ui/location";
import { Refusals } from "../ui/Trouble";
import { useGuard } from "../ui/useGuard";
import { SAVE_TYPE } from "./documents";
import { useChecked } from "./useChecked";

type Type = Pick<TypeRowFragment, "id" | "name" | "description" | "schema" | "strict" | "sample">;
const FIELDS = ["name", "description", "schema", "strict", "sample"];
const DRAWER = ["type", "new"];
const NOTHING = { fields: {} as Record<string, string>, rest: [] as string[] };

/** The form of an entry. A new one has no id: its name can be chosen. */
export function TypeForm({ type, close }: { type: Type; close: () => void }) {
  const client = useClient();
  const mayWrite = useMay()("webhooks:write");
  const before = { name: type.name, description: type.description ?? "", schema: textOf(type.schema), strict: type.strict, sample: textOf(type.sample) };
  const [form, setForm] = useState(before);
  const [refused, setRefused] = useState(NOTHING);
  const [isBusy, setBusy] = useState(false);
  const whole = useRef<HTMLDivElement>(null);
  const isTouched = JSON.stringify(form) !== JSON.stringify(before);
  const isDirty = !type.id || isTouched;
  // What is no JSON shows as one types; the server checks the rest.
  const faults = { schema: jsonFault(form.schema), sample: jsonFault(form.sample) };
  useEffect(() => whole.current?.querySelector<HTMLElement>("[aria-invalid=true], [role=alert]")?.focus(), [refused]);
  useGuard(isTouched, DRAWER);
  const set = (change: Partial<typeof form>) => setForm({ ...form, ...change });
  const input = faults.schema || faults.sample ? null : inputOf(form);
  const checked = useChecked(FIELDS, mayWrite && isDirty ? input : null);
  const save = async () => {
    if (!input) return;
    setBusy(true);
    const { data, error } = await client.mutation(SAVE_TYPE, { input }).toPromise();
    setBusy(false);
    const found = placedAt(FIELDS, data?.eventTypeSave?.userErrors ?? []);
    const problem = problemOf(error);
    setRefused(problem ? { ...found, rest: [...found.rest, problem.message] } : found);
    if (problem || data?.eventTypeSave?.userErrors.length) return;
    guardLeaving(null);
    close();
  };
  const { rest } = refused;
  const fields = checked ?? refused.fields;
  return (
    <div ref={whole}>
      <Refusals words={rest} />
      <Form
        onSubmit={(event) => {
          event.preventDefault();
          if (!isBusy) void save();
        }}
      >
        {!type.id && <Field label="Name" value={form.name} onChange={(name) => set({ name })} error={form.name ? fields.name : refused.fields.name} help="object.model.action" isMono />}
        <Field label="Meaning" value={form.description} onChange={(description) => set({ description })} error={fields.description} isDisabled={!mayWrite} />
        <Editor
          label="JSON Schema of the data"
          language="json"
          value={form.schema}
          onChange={(schema) => set({ schema })}
          error={faults.schema ?? fields.schema}
          help="Optional. Draft 2020-12 unless it names another one."
          isDisabled={!mayWrite}
        />
        <Check isOn={form.strict} onChange={(strict) => set({ strict })} isDisabled={!mayWrite}>
          Refuse events whose data does not conform to it
        </Check>
        {fields.strict && <p className="field-error">{fields.strict}</p>}
        <Editor
          label="Sample"
          language="json"
          value={form.sample}
          onChange={(sample) => set({ sample })}
          error={faults.sample ?? fields.sample}
          help="Optional. Data of an event for tests, dry runs and templates."
          isDisabled={!mayWrite}
        />
        <p role="status" className="faint">
          {checked && (Object.keys(checked).length ? "The server would refuse this." : "The server would take this.")}
        </p>
        <div className="buttons">
          <Button type="submit" className="button primary" isDisabled={!mayWrite || !isDirty}>
            {isBusy ? "Saving…" : "Save"}
          </Button>
          <Button className="button" onPress={close}>
            {mayWrite && isDirty ? "Cancel" : "Close"}
          </Button>
          {!mayWrite && <span className="faint">Saving needs the scope webhooks:write.</span>}
        </div>
      </Form>
    </div>
  );
}

function inputOf({ name, description, schema, strict, sample }: { name: string; description: string; schema: string; strict: boolean; sample: string }) {
  return { name: name.trim(), description: description || null, schema: jsonOf(schema), strict, sample: jsonOf(sample) };
}
