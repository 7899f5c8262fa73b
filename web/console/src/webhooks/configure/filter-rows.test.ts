import assert from "node:assert/strict";
import { test } from "node:test";
import { pathsOf } from "./filter-rows.ts";

test("paths lead through objects by name, to values and lists", () => {
  const data = [{ total: 5, customer: { name: "Ada", tags: ["new"] } }, { total: 7, "a.b": 1 }, "text"];
  assert.deepEqual(pathsOf(data), ["data.customer.name", "data.customer.tags", "data.total"]);
});
