import assert from "node:assert/strict";
import { test } from "node:test";
import { choicesAt, partsOf, withPart } from "./events-parts.ts";

const TYPES = ["order.order.create", "order.line.update", "product.product.update", "odd"];

test("each part offers what the parts before it leave", () => {
  assert.deepEqual(choicesAt(TYPES, ["", "", ""], 0), ["*", "order", "product"]);
  assert.deepEqual(choicesAt(TYPES, ["order", "", ""], 1), ["*", "line", "order"]);
  assert.deepEqual(choicesAt(TYPES, ["*", "product", ""], 2), ["*", "update"]);
  assert.deepEqual(choicesAt(TYPES, ["order", "*", ""], 2), ["*", "create", "update"]);
});

test("a part is typed, a whole pattern is pasted into any", () => {
  assert.equal(withPart(["order", "*", "create"], 1, "line"), "order.line.create");
  assert.equal(withPart(["", "", ""], 2, " order.*.create "), "order.*.create");
  assert.equal(withPart(["a", "b", "c"], 0, "x."), "x.b.c");
  assert.deepEqual([partsOf("a.b"), partsOf("a.b.c")], [null, ["a", "b", "c"]]);
});
