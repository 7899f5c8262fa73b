// A filter as rows of path, operator and value, where it has no groups. Pure.
export const OPERATORS: Readonly<Record<string, string>> = {
  eq: "equals",
  ne: "is not",
  gt: "is more than",
  gte: "is at least",
  lt: "is less than",
  lte: "is at most",
  in: "is one of",
  nin: "is none of",
  exists: "exists",
  startsWith: "starts with",
  endsWith: "ends with",
  contains: "contains",
};

export interface FilterRow {
  path: string;
  operator: string;
  /** As it is typed: JSON, or a text without its quotes. */
  value: string;
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);

function valueOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

// A text is shown without quotes unless it would be read as something else.
const textOf = (value: unknown) => (typeof value === "string" && valueOf(value) === value ? value : JSON.stringify(value));

/** The rows of a filter; null for one that has groups or is no JSON object, which rows can't show. */
export function rowsOf(filter: string): FilterRow[] | null {
  if (!filter.trim()) return [];
  const parsed = valueOf(filter);
  if (!isObject(parsed)) return null;
  const rows: FilterRow[] = [];
  for (const [path, condition] of Object.entries(parsed)) {
    if (["any", "all", "not"].includes(path) || !isObject(condition)) return null;
    for (const [operator, value] of Object.entries(condition)) rows.push({ path, operator, value: textOf(value) });
  }
  return rows;
}

const MOST_PATHS = 200;

/** Paths of the values in the data of events, as a filter names them: through objects by name. */
export function pathsOf(data: readonly unknown[]): string[] {
  const paths = new Set<string>();
  const walk = (value: unknown, path: string) => {
    if (paths.size >= MOST_PATHS) return;
    if (!isObject(value)) return void paths.add(path);
    for (const [name, inner] of Object.entries(value)) if (name && !name.includes(".")) walk(inner, `${path}.${name}`);
  };
  for (const value of data) if (isObject(value)) walk(value, "data");
  return [...paths].toSorted();
}

/** The filter of rows. Two rows of a path are two operators of it; of a path and operator the last one counts. */
export function filterOf(rows: readonly FilterRow[]): string {
  if (!rows.length) return "";
  const filter: Record<string, Record<string, unknown>> = {};
  for (const { path, operator, value } of rows) filter[path] = { ...filter[path], [operator]: valueOf(value) };
  return JSON.stringify(filter, null, 2);
}
