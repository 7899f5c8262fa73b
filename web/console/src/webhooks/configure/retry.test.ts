import assert from "node:assert/strict";
import { test } from "node:test";
import { filterOf, rowsOf } from "./filter-rows.ts";
import { millisecondsOf, scheduleInWords, timesOf } from "./retry.ts";

test("a schedule is told by its attempts and by when it gives up", () => {
  const schedule = ["5s", "1m", "5m", "30m", "2h", "5h", "10h", "14h", "20h", "20h"];
  assert.equal(scheduleInWords(schedule), "11 attempts, gives up after 2 d 23 h. Each pause varies by up to 20 %.");
  assert.equal(scheduleInWords([]), "1 attempt and no retry.");
  assert.match(scheduleInWords(["5s", "soon"]), /^3 attempts\. A pause is a whole number and a unit/);
  assert.deepEqual(timesOf(["5s", "x", "1m"]), [5_000, null, null]);
  assert.deepEqual([millisecondsOf("2h"), millisecondsOf("2"), millisecondsOf("h")], [7_200_000, null, null]);
});

test("a filter without groups is rows, and they make it again", () => {
  const filter = { "data.total": { gte: 100, lt: 200 }, "data.status": { in: ["paid"] }, "data.code": { eq: "7" }, type: { startsWith: "order." } };
  const rows = rowsOf(JSON.stringify(filter))!;
  assert.deepEqual(rows.map(({ path, operator, value }) => `${path} ${operator} ${value}`), [
    "data.total gte 100",
    "data.total lt 200",
    'data.status in ["paid"]',
    'data.code eq "7"',
    "type startsWith order.",
  ]);
  assert.deepEqual(JSON.parse(filterOf(rows)), filter);
  assert.deepEqual([rowsOf(""), rowsOf("{"), rowsOf('{"any": []}'), filterOf([])], [[], null, null, ""]);
});
