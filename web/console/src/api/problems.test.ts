import assert from "node:assert/strict";
import { test } from "node:test";
import { ofFilter, placedAt } from "./problems.ts";

test("a refusal stands at its field without the field's name, and one of a part with its path", () => {
  const { fields, rest } = placedAt(
    ["url", "headers", "events"],
    [
      { field: ["input", "url"], message: "url must be text." },
      { field: ["input", "url"], message: "This address is not permitted." },
      { field: ["input", "headers", "0", "name"], message: "headers[0].name is required." },
      { field: ["input", "events", "1"], message: "events[1] has 1 part." },
      { field: ["input", "timeout"], message: "timeout must be a duration." },
      { field: null, message: "The webhook was deleted." },
    ],
  );
  assert.deepEqual(fields, {
    url: "Must be text. This address is not permitted.",
    headers: "headers[0].name is required.",
    "headers.0.name": "headers[0].name is required.",
    events: "events[1] has 1 part.",
    "events.1": "Has 1 part.",
  });
  assert.deepEqual(rest, ["timeout must be a duration.", "The webhook was deleted."]);
});

test("a refusal of a filter's value is told beside its field, any other problem as it is", () => {
  const problem = { kind: "other", message: "event has 1 part.", requestId: "r" } as const;
  assert.deepEqual(ofFilter(problem, ["event"]), { words: "Has 1 part.", rest: null });
  assert.deepEqual(ofFilter(problem, ["even"]), { words: null, rest: problem });
  assert.deepEqual(ofFilter(null, ["event"]), { words: null, rest: null });
});
