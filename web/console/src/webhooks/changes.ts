// Audit entries, field by field. Pure.
interface Change {
  field: string;
  before: string | null;
  after: string | null;
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

/** The fields that two sides of an entry differ in; a side without a field has null there. */
export function changesOf(before: unknown, after: unknown): Change[] {
  const [old, now] = [valuesOf(before), valuesOf(after)];
  const fields = [...new Set([...Object.keys(old), ...Object.keys(now)])].sort();
  return fields
    .filter((field) => JSON.stringify(old[field]) !== JSON.stringify(now[field]))
    // A new webhook has a value for each field: those that nobody gave say nothing.
    .filter((field) => field in old || !isNothing(now[field]))
    .map((field) => ({ field, before: written(old[field]), after: written(now[field]) }));
}
