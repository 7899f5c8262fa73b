// Ranges of time that lists and retries offer. Pure: `now` is given.
const HOUR = 3_600_000;
const YESTERDAY = "yesterday";
const RELATIVE: Readonly<Record<string, number>> = { "1h": HOUR, "24h": 24 * HOUR, "7d": 168 * HOUR, "30d": 720 * HOUR };

export interface Range {
  since: string;
  until: string;
}

/** Names of the ranges, as they stand in the address, and their texts. */
export const RANGES = [
  ["1h", "Last hour"],
  ["24h", "Last 24 hours"],
  [YESTERDAY, "Yesterday"],
  ["7d", "Last 7 days"],
  ["30d", "Last 30 days"],
] as const;

/** The range of a name; null for one that there is not. Yesterday: from midnight to midnight, in the browser's zone. */
export function rangeOf(name: string, now: number): Range | null {
  if (name === YESTERDAY) return { since: midnight(now, -1), until: midnight(now, 0) };
  const length = RELATIVE[name];
  return length === undefined ? null : { since: new Date(now - length).toISOString(), until: new Date(now).toISOString() };
}

function midnight(now: number, days: number): string {
  const day = new Date(now);
  day.setDate(day.getDate() + days);
  return new Date(day.setHours(0, 0, 0, 0)).toISOString();
}
