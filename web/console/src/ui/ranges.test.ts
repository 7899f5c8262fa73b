import assert from "node:assert/strict";
import { test } from "node:test";
import { rangeOf } from "./ranges.ts";

const NOON = new Date(2026, 2, 30, 12).getTime();

test("yesterday goes from midnight to midnight of the browser's zone", () => {
  assert.deepEqual(rangeOf("yesterday", NOON), {
    since: new Date(2026, 2, 29).toISOString(),
    until: new Date(2026, 2, 30).toISOString(),
  });
});

test("others end now, and a name that there is not is none", () => {
  assert.deepEqual(rangeOf("1h", NOON), { since: new Date(NOON - 3_600_000).toISOString(), until: new Date(NOON).toISOString() });
  assert.equal(rangeOf("", NOON), null);
});
