// Rows of a log that grows at its top. Pure: the page keeps them outside of React.
export interface Log<Row> {
  rows: readonly Row[];
  held: readonly Row[];
  /** Whether the oldest rows were left out, for the bound. */
  isCut: boolean;
}

/** The rows in memory, with those that wait. */
export const MOST_ROWS = 10_000;

/** The log with rows that have come, the newest last in `came`. What is there already is dropped; held: they wait until they are asked for. */
export function grown<Row extends { id: string }>(log: Log<Row>, came: readonly Row[], isHeld: boolean): Log<Row> {
  const known = new Set([...log.rows, ...log.held].map((row) => row.id));
  const fresh = came.filter((row) => !known.has(row.id) && known.add(row.id)).reverse();
  if (!fresh.length) return log;
  return bounded(isHeld ? { ...log, held: [...fresh, ...log.held] } : { ...log, rows: [...fresh, ...log.rows] });
}

/** The log with what was held on top. */
export function shown<Row>(log: Log<Row>): Log<Row> {
  return log.held.length ? { ...log, rows: [...log.held, ...log.rows], held: [] } : log;
}

/** The log with an older page at its end. */
export function extended<Row extends { id: string }>(log: Log<Row>, older: readonly Row[]): Log<Row> {
  const known = new Set(log.rows.map((row) => row.id));
  return bounded({ ...log, rows: [...log.rows, ...older.filter((row) => !known.has(row.id))] });
}

function bounded<Row>(log: Log<Row>): Log<Row> {
  if (log.rows.length + log.held.length <= MOST_ROWS) return log;
  const held = log.held.slice(0, MOST_ROWS);
  return { rows: log.rows.slice(0, MOST_ROWS - held.length), held, isCut: true };
}
