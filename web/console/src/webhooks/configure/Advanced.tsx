import { useState } from "react";
import { Button, Disclosure, DisclosurePanel, Heading } from "react-aria-components";
import { useQuery } from "urql";
import { useMay } from "../../frame/viewer";
import { Icon } from "../../ui/icons";
import { go, usePlace, withSearch } from "../../ui/location";
import { unsendable } from "../form";
import { RECENT_EVENTS } from "./documents";
import { Filter } from "./Filter";
import { Labels } from "./Labels";
import { Sending } from "./Sending";
import { Template } from "./Template";
import { useDryRun } from "./useDryRun";
import type { Part } from "./useWebhookForm";

const FIELDS = ["filter", "payloadTemplate", "payloadContentType", "timeout", "concurrency", "rateLimit", "retry", "autoDisable", "labels"];

interface Props extends Part {
  id: string;
  changes: Record<string, unknown>;
}

/** What most webhooks leave as it is. The address says whether it is open; a refusal in it opens it. */
export function Advanced(props: Props) {
  const { search } = usePlace();
  const isOpen = search.has("advanced") || FIELDS.some((name) => props.fields[name]);
  return (
    <Disclosure isExpanded={isOpen} onExpandedChange={(isWanted) => go(withSearch({ advanced: isWanted ? "1" : null }), { isReplaced: true })}>
      <Heading level={2} className="disclosure">
        <Button slot="trigger" className="ghost">
          <Icon name={isOpen ? "below" : "right"} /> Advanced
        </Button>
      </Heading>
      <DisclosurePanel>{isOpen && <Fields {...props} />}</DisclosurePanel>
    </Disclosure>
  );
}

function Fields({ id, changes, ...part }: Props) {
  const may = useMay();
  const [eventId, setEventId] = useState("");
  const [{ data }] = useQuery({ query: RECENT_EVENTS, pause: !may("deliveries:read") });
  const events = data?.events?.nodes ?? [];
  const broken = unsendable(part.form);
  const tried = useDryRun(id, changes, eventId, Object.keys(broken).length > 0 || !may("webhooks:read"));
  const fields = { ...tried?.fields, ...part.fields };
  return (
    <div className="form">
      <Template {...part} tried={tried} events={events} eventId={eventId} setEventId={setEventId} />
      <Filter {...part} id={id} changes={changes} tried={tried} events={events} />
      <Sending {...part} fields={fields} />
      <Labels {...part} fields={fields} />
    </div>
  );
}
