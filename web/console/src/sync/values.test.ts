import assert from "node:assert/strict";
import { test } from "node:test";
import { countsOf, kindOf, originOf, setPath, shortCommit, valueOf, withoutSlug } from "./values.ts";

test("a value is short, says when there is none, and hides no character", () => {
  assert.equal(valueOf(null), "none");
  assert.equal(valueOf([]), "none");
  assert.equal(valueOf(""), '""');
  assert.equal(valueOf(["order.a.b", "order.a.c"]), "order.a.b, order.a.c");
  assert.equal(valueOf([{ name: "X-A", value: "1" }]), "X-A: 1");
  assert.equal(valueOf({ a: [1] }), '{"a":[1]}');
  assert.equal(valueOf("a\u202eb"), "a\\u{202e}b");
  assert.equal(valueOf("x".repeat(500)).length, 201);
});

test("a commit keeps what says that its file was edited", () => {
  assert.equal(shortCommit("9f2c1ab0c0ffee9f2c1ab0c0ffee"), "9f2c1ab0c0ff");
  assert.equal(shortCommit("9f2c1ab0c0ffee9f2c1ab0c0ffee-dirty"), "9f2c1ab0c0ff-dirty");
  assert.equal(shortCommit("v1.2"), "v1.2");
});

test("a revision counts what it changed, and a set's name is one part of the address", () => {
  assert.equal(countsOf({ created: 1, updated: 0, moved: 0, disabled: 2, deleted: 1 }), "1 created, 2 disabled, 1 deleted");
  assert.equal(setPath("a/b c"), "/sync/a%2Fb%20c");
});

test("a rollback speaks of its revision, and no slug stands twice", () => {
  assert.equal(kindOf("DISABLE"), "Left the file: disabled");
  assert.equal(kindOf("DISABLE", 3), "Not in revision 3: disabled");
  assert.equal(withoutSlug("orders: timeout", "orders"), "timeout");
  assert.equal(withoutSlug("2 webhooks would be disabled", null), "2 webhooks would be disabled");
});

test("a set says where it comes from, and a path hides no character", () => {
  const source = { kind: "COMMAND", path: "config", repository: "github.com/acme/shop", branch: "main", actor: { name: "ci" } };
  assert.equal(originOf(source), "config of github.com/acme/shop, branch main, applied by ci");
  assert.equal(originOf({ kind: "PULL", path: "/srv/a\u202eb", actor: { name: "x" } }), "/srv/a\\u{202e}b, pulled by the server");
});
