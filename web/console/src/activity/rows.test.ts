import assert from "node:assert/strict";
import { test } from "node:test";
import { MOST_ROWS, extended, grown, shown } from "./rows.ts";

const rows = (...ids: string[]) => ids.map((id) => ({ id }));
const ids = (found: readonly { id: string }[]) => found.map(({ id }) => id).join("");

test("what arrives stands on top, the newest first, and once", () => {
  const log = grown({ rows: rows("b", "a"), held: [], isCut: false }, rows("b", "c", "d", "c"), false);
  assert.equal(ids(log.rows), "dcba");
});

test("what arrives while the log is paused waits, and comes on top when it is asked for", () => {
  const first = grown({ rows: rows("a"), held: [], isCut: false }, rows("b", "c"), true);
  const paused = grown(first, rows("c", "d"), true);
  assert.deepEqual([ids(paused.rows), ids(paused.held)], ["a", "dcb"]);
  assert.deepEqual([ids(shown(paused).rows), shown(paused).held.length], ["dcba", 0]);
});

test("an older page comes below, without what is there", () => {
  assert.equal(ids(extended({ rows: rows("c", "b"), held: [], isCut: false }, rows("b", "a")).rows), "cba");
});

test("a log holds no more than its bound, whatever arrives", () => {
  const many = Array.from({ length: MOST_ROWS + 10 }, (_, at) => ({ id: String(at) }));
  const log = grown({ rows: rows("old"), held: [], isCut: false }, many, false);
  assert.equal(log.rows.length, MOST_ROWS);
  assert.equal(log.rows[0]?.id, String(MOST_ROWS + 9));
  assert.equal(log.isCut, true);
  const paused = grown({ rows: rows("b", "a"), held: [], isCut: false }, many.slice(0, MOST_ROWS - 1), true);
  assert.deepEqual([ids(paused.rows), paused.held.length, paused.isCut], ["b", MOST_ROWS - 1, true]);
});
