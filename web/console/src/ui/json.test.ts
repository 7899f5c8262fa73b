import assert from "node:assert/strict";
import { test } from "node:test";
import { jsonFault, jsonOf, textOf } from "./json.ts";

test("an empty text is no value, and a value comes back as it was", () => {
  assert.equal(jsonOf("  \n"), null);
  assert.equal(textOf(null), "");
  assert.deepEqual(jsonOf(textOf({ a: [1, false] })), { a: [1, false] });
  assert.equal(jsonOf(textOf(false)), false);
});

test("a fault of JSON is told in the words of the browser", () => {
  assert.equal(jsonFault('{\n  "a": 1\n}'), null);
  assert.match(jsonFault('{\n  "a": x\n}') ?? "", /^This is no JSON: .*x/);
});
