import { go, usePlace, withSearch } from "../ui/location";
import { SearchBox } from "../ui/SearchBox";
import { Select } from "../ui/Select";
import { TimeRange } from "../ui/TimeRange";
import { CLASSES, OUTCOMES } from "./filters";

/** Filters of a log; they stand in the address. wrong: an id that is none of an event or a delivery. */
export function AttemptFilters({ wrong }: { wrong: string | null }) {
  const { search } = usePlace();
  const set = (name: string) => (value: string) => go(withSearch({ [name]: value || null }), { isReplaced: true });
  return (
    <div className="filters" role="search" aria-label="Attempts">
      <Select label="Outcome" value={search.get("outcome") ?? ""} onChange={set("outcome")} options={OUTCOMES} />
      <Select label="Status" value={search.get("status") ?? ""} onChange={set("status")} options={CLASSES} />
      <TimeRange />
      <SearchBox name="pattern" label="Event type, such as order.*.create" />
      <SearchBox name="object" label="ID of an event or delivery: evt_…, dlv_…" />
      {wrong && (
        <p className="field-error" role="alert">
          This is not the id of an event (evt_…) or of a delivery (dlv_…).
        </p>
      )}
    </div>
  );
}
