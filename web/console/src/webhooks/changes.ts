// Audit entries, field by field. Pure.
interface Change {
  field: string;
  before: string | null;
  after: string | null;
}

/** A field whose values differ; undefined: that side has no such field. */
interface Difference {
  field: string;
  before: unknown;
  after: unknown;
}

const MOST = 300;

function written(value: unknown): string | null {
  if (value === undefined) return null;
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > MOST ? `${text.slice(0, MOST)}…` : text;
}

const valuesOf = (side: unknown): Record<string, unknown> =>
  typeof side === "object" && side !== null && !Array.isArray(side) ? (side as Record<string, unknown>) : {};

const isNothing = (value: unknown) => value === null || (Array.isArray(value) && !value.length);

/** The fields that two sides of an entry differ in, with their whole values. */
export function differencesOf(before: unknown, after: unknown): Difference[] {
  const [old, now] = [valuesOf(before), valuesOf(after)];
  const fields = [...new Set([...Object.keys(old), ...Object.keys(now)])].sort();
  return fields
    .filter((field) => JSON.stringify(old[field]) !== JSON.stringify(now[field]))
    // A new webhook has a value for each field: those that nobody gave say nothing.
    .filter((field) => field in old || !isNothing(now[field]))
    .map((field) => ({ field, before: old[field], after: now[field] }));
}

/** The same as short texts; a side without a field has null there. */
export function changesOf(before: unknown, after: unknown): Change[] {
  return differencesOf(before, after).map((one) => ({ field: one.field, before: written(one.before), after: written(one.after) }));
}
