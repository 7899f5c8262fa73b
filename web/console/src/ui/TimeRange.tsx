import { useMemo } from "react";
import { go, usePlace, withSearch } from "./location";
import { RANGES, rangeOf } from "./ranges";
import { Select } from "./Select";

const BETWEEN = "between";
const YESTERDAY = "yesterday";
const OPTIONS = [["", "Any time"], ...RANGES, [BETWEEN, "Between…"]] as const;

/** The time range of the address, as a filter takes it. A relative one is read once for each choice, so that pages of a list fit together. */
export function useTimeRange(): { since: string | null; until: string | null } {
  const { search } = usePlace();
  const [time, from, to] = [search.get("time") ?? "", search.get("from"), search.get("to")];
  return useMemo(() => {
    const range = rangeOf(time, Date.now());
    // What comes from now on belongs to the others.
    if (range) return { ...range, until: time === YESTERDAY ? range.until : null };
    return time === BETWEEN ? { since: instant(from), until: instant(to) } : { since: null, until: null };
  }, [time, from, to]);
}

/** Chooses the time range of a list; it stands in the address. */
export function TimeRange() {
  const { search } = usePlace();
  const time = search.get("time") ?? "";
  const set = (changes: Record<string, string | null>) => go(withSearch({ ...changes, after: null, before: null }), { isReplaced: true });
  return (
    <>
      <Select label="Time" value={time} onChange={(chosen) => set({ time: chosen, from: null, to: null })} options={OPTIONS} />
      {time === BETWEEN &&
        (["from", "to"] as const).map((end) => (
          <label key={end} className="select">
            <span>{end === "from" ? "From" : "To"}</span>
            <input
              type="datetime-local"
              className="react-aria-Input"
              value={local(search.get(end))}
              onChange={({ target }) => set({ [end]: instant(target.value) })}
            />
          </label>
        ))}
    </>
  );
}

/** A time of an input or of the address in UTC; null for what is none. */
function instant(text: string | null): string | null {
  const at = Date.parse(text ?? "");
  return Number.isNaN(at) ? null : new Date(at).toISOString();
}

/** As an input of the kind datetime-local takes it, in the browser's zone. */
function local(text: string | null): string {
  const at = Date.parse(text ?? "");
  if (Number.isNaN(at)) return "";
  return new Date(at - new Date(at).getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
