import assert from "node:assert/strict";
import { test } from "node:test";
import { askedOf, lineOf, roundedUp, stackOf } from "./chart.ts";

test("a range is asked for in whole buckets that end with the present one", () => {
  const now = Date.parse("2026-11-20T10:30:30Z");
  assert.deepEqual(askedOf("1h", now), { since: "2026-11-20T09:31:00.000Z", step: "MINUTE" });
  assert.deepEqual(askedOf("24h", now), { since: "2026-11-19T11:00:00.000Z", step: "HOUR" });
  assert.deepEqual(askedOf("30d", now), { since: "2026-10-22T00:00:00.000Z", step: "DAY" });
  assert.deepEqual(askedOf("soon", now), askedOf("24h", now));
});

test("an axis ends at a round figure", () => {
  assert.deepEqual([0, 1, 3, 20, 21, 51, 999].map(roundedUp), [1, 1, 5, 20, 50, 100, 1000]);
});

test("one failure among many is still seen, and none is not", () => {
  const bucket = { start: "", attempts: 10_000, failures: 1, p50Ms: null, p95Ms: null };
  assert.equal(stackOf(bucket, 10_000).bad, 2);
  assert.equal(stackOf({ ...bucket, failures: 0 }, 10_000).bad, 0);
});

test("a line breaks where there was nothing", () => {
  assert.equal(lineOf([96, 48, null, 0], 96), "M60.0 0.0L180.0 48.0M416.0 96.0h8");
});
