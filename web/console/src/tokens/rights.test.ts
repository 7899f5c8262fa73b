import assert from "node:assert/strict";
import { test } from "node:test";
import { boundTo, roleOf, stateOf, stopsOf } from "./rights.ts";

test("a role is named by exactly its scopes", () => {
  assert.equal(roleOf(["deliveries:read", "webhooks:read"]), "Viewer");
  assert.equal(roleOf(["webhooks:read"]), null);
  assert.equal(roleOf(["webhooks:read", "deliveries:read", "sync:plan:a", "sync:apply:a"]), null);
});

test("scopes of files are bound to each set, the others stay", () => {
  assert.deepEqual(boundTo(["webhooks:read", "sync:plan"], ["a", "b"]), ["webhooks:read", "sync:plan:a", "sync:plan:b"]);
  assert.deepEqual(boundTo(["sync:plan"], []), ["sync:plan"]);
});

test("a token that was revoked stays so after it has expired", () => {
  const over = "2026-01-01T00:00:00Z";
  const now = Date.parse(over);
  assert.equal(stateOf({}, now), "VALID");
  assert.equal(stateOf({ expiresAt: over }, now), "EXPIRED");
  assert.equal(stateOf({ expiresAt: over }, now - 1), "VALID");
  assert.equal(stateOf({ expiresAt: over, revokedAt: over }, now), "REVOKED");
});

test("what stops follows from the scopes, bound ones too", () => {
  assert.deepEqual(stopsOf(["sync:apply:team-a"]), ["pipelines that plan or apply webhooks files with it fail"]);
  assert.equal(stopsOf(["events:publish", "webhooks:read"]).length, 2);
});
