import assert from "node:assert/strict";
import { test } from "node:test";
import { linesOf, linesThatDiffer } from "./differences.ts";

const shown = (before: unknown, after: unknown) => linesThatDiffer(before, after).map(({ mark, text }) => `${mark} ${text}`);

test("short values stand beside each other", () => {
  assert.deepEqual(shown("20s", "30s"), []);
  assert.deepEqual(shown(null, ["order.a.b"]), []);
  assert.deepEqual(shown(true, 5), []);
});

test("of lists only what comes and goes is shown", () => {
  assert.deepEqual(shown(["a.b.c", "d.e.f"], ["a.b.c", "g.h.i"]), ["- d.e.f", "+ g.h.i"]);
  assert.deepEqual(
    shown(
      [{ name: "X-A", value: "1" }],
      [
        { name: "X-A", value: "2" },
        { name: "X-B", value: "3" },
      ],
    ),
    ["- X-A: 1", "+ X-A: 2", "+ X-B: 3"],
  );
  assert.deepEqual(shown({ schedule: ["5s", "5m"] }, { schedule: ["5s"] }), ["- 5m"]);
});

test("a filter and a template are shown with the line before and behind", () => {
  assert.deepEqual(shown({ a: 1, b: 2, c: 3, d: 4, e: 5 }, { a: 1, b: 2, c: 3, d: 9, e: 5 }), ["  …", '    "c": 3,', '-   "d": 4,', '+   "d": 9,', '    "e": 5', "  }"]);
  assert.deepEqual(shown("a\nb\nc\nd\ne\nf", "a\nb\nX\nd\ne\nf"), ["  a", "  b", "- c", "+ X", "  d", "  …"]);
});

test("a long text stands below the one before, whole", () => {
  const url = `https://example.com/${"x".repeat(300)}`;
  assert.deepEqual(shown(url, `${url}y`), [`- ${url}`, `+ ${url}y`]);
});

test("values of others are bounded: many lines, with hardly one in common", () => {
  const one = Array.from({ length: 30_000 }, (_, at) => `a${at}`).join("\n");
  const lines = linesThatDiffer(one, one.replaceAll("a", "b"));
  assert.equal(lines.length, 501);
  assert.equal(lines.at(-1)?.text, "… and 59,500 more lines");
});

test("what is no pair is JSON", () => {
  assert.deepEqual(linesOf([{ name: "X", value: 1 }, { other: 2 }]).length, 9);
  assert.deepEqual(linesOf(undefined), []);
});
