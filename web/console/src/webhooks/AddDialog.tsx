import { useState } from "react";
import { useClient } from "urql";
import { wordsOf } from "../api/problems";
import { environment } from "../frame/environment";
import { useFrame } from "../frame/viewer";
import { Check } from "../ui/Check";
import { Field } from "../ui/fields";
import { FormDialog } from "../ui/FormDialog";
import { go } from "../ui/location";
import { CREATE_WEBHOOK } from "./documents";
import { Events } from "./configure/Events";
import { placed } from "./form";

/** Adds a webhook with what it can't do without; its page has the rest. */
export function AddDialog({ close }: { close: () => void }) {
  const client = useClient();
  const { server } = useFrame();
  const [name, setName] = useState("");
  const [url, setUrl] = useState("");
  const [events, setEvents] = useState(["*.*.*"]);
  const [environments, setEnvironments] = useState<string[]>([environment.get() ?? server.environments[0] ?? ""]);
  const [fields, setFields] = useState<Record<string, string>>({});
  const [words, setWords] = useState<string[]>([]);
  const submit = async () => {
    const input = { name, url, environments, events };
    const { data, error } = await client.mutation(CREATE_WEBHOOK, { input }).toPromise();
    const result = placed(data?.webhookCreate?.userErrors ?? []);
    setFields(result.fields);
    setWords([...wordsOf(error, undefined), ...result.rest]);
    const made = data?.webhookCreate?.webhook;
    if (made) go(`/webhooks/${made.id}?tab=configure`);
  };
  return (
    <FormDialog title="Add a webhook" action="Add" send={submit} {...{ close, words }}>
      <Field label="Name" value={name} onChange={setName} error={fields.name} />
      <Field label="URL" value={url} onChange={setUrl} error={fields.url} placeholder="https://" isMono />
      <Events form={{ events, environments }} set={(change) => setEvents(change.events)} fields={fields} isDisabled={false} />
      <fieldset>
        <legend className="label">Environments</legend>
        {server.environments.map((one) => (
          <Check
            key={one}
            isOn={environments.includes(one)}
            onChange={(isOn) => setEnvironments(isOn ? [...environments, one] : environments.filter((other) => other !== one))}
          >
            {one}
          </Check>
        ))}
        {fields.environments && <p className="field-error">{fields.environments}</p>}
      </fieldset>
      <p className="faint">A filter, headers, retries and the rest are on the page that opens then.</p>
    </FormDialog>
  );
}
