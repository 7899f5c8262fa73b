import { useState } from "react";
import { useClient, useQuery } from "urql";
import { placedAt, wordsOf } from "../api/problems";
import { environment } from "../frame/environment";
import { useFrame, useMay } from "../frame/viewer";
import { Field } from "../ui/fields";
import { FormDialog } from "../ui/FormDialog";
import { Link } from "../ui/Link";
import { Select } from "../ui/Select";
import { visible } from "../ui/times";
import { EVENT_TYPES, PUBLISH } from "./documents";

const FIELDS = ["type", "data", "idempotencyKey"];

interface Published {
  id: string;
  text: string;
}

/** Publishes an event that somebody types, or a sample of the catalogue. */
export function PublishDialog({ close, onPublished }: { close: () => void; onPublished: () => void }) {
  const client = useClient();
  const { server } = useFrame();
  const mayReadTypes = useMay()("webhooks:read");
  const [{ data: catalogue }] = useQuery({ query: EVENT_TYPES, pause: !mayReadTypes });
  const [type, setType] = useState("order.order.create");
  const [where, setWhere] = useState(environment.get() ?? server.environments[0] ?? "");
  const [data, setData] = useState('{\n  "id": 1,\n  "total": 99.5\n}');
  const [key, setKey] = useState("");
  const [fields, setFields] = useState<Record<string, string>>({});
  const [words, setWords] = useState<string[]>([]);
  const [published, setPublished] = useState<Published | null>(null);
  const samples = (catalogue?.eventTypes?.nodes ?? []).filter(({ sample }) => sample !== null && sample !== undefined);
  const submit = async () => {
    setPublished(null);
    const parsed = json(data);
    if (parsed === undefined) return setFields({ data: "This is no JSON." });
    const input = { type, environment: where, data: parsed, idempotencyKey: key || null };
    const { data: answer, error } = await client.mutation(PUBLISH, { input }).toPromise();
    const result = answer?.eventPublish;
    const refused = placedAt(FIELDS, result?.userErrors ?? []);
    setFields(refused.fields);
    setWords([...wordsOf(error, undefined), ...refused.rest]);
    if (!result?.event) return;
    const to = `${result.deliveryCount} ${result.deliveryCount === 1 ? "webhook" : "webhooks"}`;
    setPublished({ id: result.event.id, text: result.duplicate ? "This key was published before: nothing new was sent." : `Published: it goes to ${to}.` });
    onPublished();
  };
  const after = (
    <div role="status">
      {published && (
        <p>
          {published.text} <Link to={`/events/${published.id}`}>Look at it</Link>
        </p>
      )}
    </div>
  );
  return (
    <FormDialog title="Publish an event" action="Publish" send={submit} {...{ close, words, after }}>
      {samples.length > 0 && (
        <Select
          label="From the catalogue"
          isLabelShown
          value=""
          onChange={(name) => {
            const found = samples.find((one) => one.name === name);
            if (!found) return;
            setType(found.name);
            setData(JSON.stringify(found.sample, null, 2));
          }}
          options={[["", "Choose a sample…"], ...samples.map(({ name }): [string, string] => [name, visible(name)])]}
        />
      )}
      <Field label="Type" value={type} onChange={setType} error={fields.type} isMono />
      <Select label="Environment of the event" isLabelShown value={where} onChange={setWhere} options={server.environments.map((name): [string, string] => [name, name])} />
      <Field label="Data" value={data} onChange={setData} error={fields.data} isLong />
      <Field label="Idempotency key" value={key} onChange={setKey} error={fields.idempotencyKey} help="Optional: a second event with the same key is not sent." isMono />
    </FormDialog>
  );
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
