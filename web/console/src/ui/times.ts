// Times and figures as people read them. Pure: `now` is given.
const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
  ["second", 1_000],
];

/** "3 min ago", "in 2 hr", "now". */
export function relative(at: string, now: number, locale?: string): string {
  const distance = Date.parse(at) - now;
  const [unit, size] = UNITS.find(([, milliseconds]) => Math.abs(distance) >= milliseconds) ?? ["second", 1_000];
  const format = new Intl.RelativeTimeFormat(locale, { numeric: "auto", style: "short" });
  return format.format(Math.trunc(distance / size) || 0, unit);
}

/** The whole time: in the browser's zone, or in UTC. */
export function absolute(at: string, isUtc: boolean, locale?: string): string {
  return new Intl.DateTimeFormat(locale, {
    dateStyle: "medium",
    timeStyle: "medium",
    ...(isUtc ? { timeZone: "UTC" } : {}),
  }).format(new Date(at)) + (isUtc ? " UTC" : "");
}

/** "3 d 2 h", "5 min 30 s", "500 ms": the two largest units. */
export function span(milliseconds: number): string {
  if (milliseconds < 1_000) return `${milliseconds} ms`;
  const units: [string, number][] = [["d", 86_400_000], ["h", 3_600_000], ["min", 60_000], ["s", 1_000]];
  const parts: string[] = [];
  let rest = milliseconds;
  for (const [unit, size] of units) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count) parts.push(`${count} ${unit}`);
    else if (parts.length) break;
    if (parts.length === 2) break;
  }
  return parts.join(" ");
}

/** "840 ms", "1.2 s", "1 min 30 s", "" for none. */
export function duration(milliseconds: number | null | undefined): string {
  if (milliseconds === null || milliseconds === undefined) return "";
  const isShort = milliseconds >= 1_000 && milliseconds < 60_000;
  return isShort ? `${(milliseconds / 1_000).toFixed(1)} s` : span(milliseconds);
}

/** A text with its middle left out: the host in front and the end of the path tell URLs apart. */
export function middleTruncated(text: string, most: number): string {
  const points = [...text];
  if (points.length <= most) return text;
  const head = Math.ceil((most - 1) * 0.6);
  return `${points.slice(0, head).join("")}…${points.slice(points.length - (most - 1 - head)).join("")}`;
}

// Characters that change the order of a text around them, or are not seen: shown by their number instead.
// oxlint-disable-next-line no-control-regex
const HIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g;

/** Text of others: hidden characters (bidi controls, escapes, NUL) become visible, lines and tabs stay. */
export function visible(text: string): string {
  return text.replace(HIDDEN, (found) => `\\u{${found.codePointAt(0)!.toString(16)}}`);
}
