import assert from "node:assert/strict";
import { test } from "node:test";
import { changesOf } from "./changes.ts";
import { afterSave, changesIn, formOf, placed, unsendable } from "./form.ts";

const READ = formOf({
  name: "Orders",
  url: "https://example.com/in",
  active: true,
  environments: ["production"],
  events: ["order.*.create", "order.*.update"],
  headers: [{ name: "x-a", value: "1" }, { name: "x-key", value: null }],
  secretHeader: { name: "authorization" },
  basicAuth: null,
  filter: { "data.total": { gte: 100 } },
  payloadContentType: "application/json",
  timeout: "15s",
  concurrency: 5,
  retry: { schedule: ["5s", "1m"] },
  autoDisable: { failures: 10, over: "2d" },
  labels: [{ key: "team", value: "shop" }],
});

test("a form that nobody has touched sends nothing", () => {
  assert.deepEqual(changesIn({ ...READ }, READ), {});
});

test("what was changed is sent, and a secret value only when it was typed", () => {
  assert.deepEqual(changesIn({ ...READ, url: "https://b.example", events: ["a.b.c", "d.e.f"] }, READ), {
    url: "https://b.example",
    events: ["a.b.c", "d.e.f"],
  });
  assert.deepEqual(changesIn({ ...READ, headers: [READ.headers[1]!] }, READ), { headers: [{ name: "x-key" }] });
  assert.deepEqual(changesIn({ ...READ, secretName: "x-other" }, READ), { secretHeader: { name: "x-other" } });
  assert.deepEqual(changesIn({ ...READ, secretValue: "s" }, READ), { secretHeader: { name: "authorization", value: "s" } });
  assert.deepEqual(changesIn({ ...READ, secretName: "" }, READ), { secretHeader: null });
  assert.deepEqual(changesIn({ ...READ, username: "u", password: "p" }, READ), { basicAuth: { username: "u", password: "p" } });
});

test("advanced fields are sent as the API takes them, and null for what was emptied", () => {
  const form = { ...READ, filter: "", concurrency: "7", rateLimit: "20/s", schedule: ["5s"], autoDisable: null, labels: [] };
  const input = { filter: null, concurrency: 7, rateLimit: "20/s", retry: { schedule: ["5s"] }, autoDisable: null, labels: [] };
  assert.deepEqual(changesIn(form, READ), input);
  assert.deepEqual(unsendable(form), {});
});

test("what is no JSON or no number is told at its field before anything is sent", () => {
  const form = { ...READ, filter: "{", concurrency: "many", autoDisable: { failures: "", over: "2d" } };
  assert.deepEqual(Object.keys(unsendable(form)), ["filter", "concurrency", "autoDisable"]);
  assert.match(unsendable({ ...READ, filter: '{"data.id": {"eq": 12345678901234567}}' }).filter!, /15 digits/);
});

test("what was typed while a save was under way is kept, the rest is as the server has it", () => {
  const sent = { ...READ, timeout: "60s", secretValue: "s" };
  const now = { ...sent, name: "Typed meanwhile" };
  const saved = { ...READ, timeout: "1m" };
  assert.deepEqual(afterSave(now, sent, saved), { ...READ, timeout: "1m", name: "Typed meanwhile" });
});

test("a refusal stands at its field, a longer path at the field that it is in, any other above the form", () => {
  const refusals = [
    { field: ["input", "url"], message: "no" },
    { field: ["input", "headers", "0", "name"], message: "bad" },
    { field: ["input", "id"], message: "gone" },
    { field: null, message: "none" },
  ];
  assert.deepEqual(placed(refusals), { fields: { url: "no", headers: "bad", "headers.0.name": "bad" }, rest: ["gone", "none"] });
});

test("an audit entry tells the fields that differ", () => {
  assert.deepEqual(changesOf({ name: "a", url: "u", n: [1] }, { name: "b", url: "u", x: true }), [
    { field: "n", before: "[1]", after: null },
    { field: "name", before: "a", after: "b" },
    { field: "x", before: null, after: "true" },
  ]);
  assert.deepEqual(changesOf(null, { name: "a" }), [{ field: "name", before: null, after: "a" }]);
});
