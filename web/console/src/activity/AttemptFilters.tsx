import { go, usePlace, withSearch } from "../ui/location";
import { SearchBox } from "../ui/SearchBox";
import { Select } from "../ui/Select";
import { TimeRange } from "../ui/TimeRange";
import { CLASSES, OUTCOMES } from "./filters";

/** Filters of a log; they stand in the address. wrong: an id that is none of these; wrongPattern: what the server says about the event type. hasWebhooks: a webhook's is one. */
export function AttemptFilters({ wrong, wrongPattern, hasWebhooks }: { wrong: string | null; wrongPattern: string | null; hasWebhooks: boolean }) {
  const { search } = usePlace();
  const set = (name: string) => (value: string) => go(withSearch({ [name]: value || null }), { isReplaced: true });
  return (
    <div className="filters" role="search" aria-label="Attempts">
      <Select label="Outcome" value={search.get("outcome") ?? ""} onChange={set("outcome")} options={OUTCOMES} />
      <Select label="Status" value={search.get("status") ?? ""} onChange={set("status")} options={CLASSES} />
      <TimeRange />
      <SearchBox name="pattern" label="Event type, such as order.*.create" error={wrongPattern} />
      <SearchBox name="object" label={hasWebhooks ? "ID of an event, webhook, delivery" : "ID of an event or delivery"} />
      {wrong && (
        <p className="field-error" role="alert">
          This is not the id of an event (evt_…){hasWebhooks && ", a webhook (wh_…)"} or a delivery (dlv_…).
        </p>
      )}
    </div>
  );
}
