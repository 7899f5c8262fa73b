import assert from "node:assert/strict";
import { test } from "node:test";
import { placedAt } from "./problems.ts";

test("a refusal stands at its field without the field's name, and one of a part with its path", () => {
  const { fields, rest } = placedAt(
    ["url", "headers"],
    [
      { field: ["input", "url"], message: "url must be text." },
      { field: ["input", "url"], message: "This address is not permitted." },
      { field: ["input", "headers", "0", "name"], message: "headers[0].name is required." },
      { field: ["input", "timeout"], message: "timeout must be a duration." },
      { field: null, message: "The webhook was deleted." },
    ],
  );
  assert.deepEqual(fields, { url: "Must be text. This address is not permitted.", headers: "headers[0].name is required." });
  assert.deepEqual(rest, ["timeout must be a duration.", "The webhook was deleted."]);
});
