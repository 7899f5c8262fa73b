import assert from "node:assert/strict";
import { test } from "node:test";
import { leftAside, requestOf } from "./retry-request.ts";

test("a retry takes webhook, environment and an exact type from the filter of the log", () => {
  assert.deepEqual(requestOf({ webhookId: "wh_1", environment: "staging", eventPattern: "order.order.create", statusClass: [5] }), {
    webhookId: "wh_1",
    environment: "staging",
    eventType: "order.order.create",
  });
  assert.equal(requestOf({ eventPattern: "order.*.*" }).eventType, null);
});

test("what it can't take is told", () => {
  assert.deepEqual(leftAside({ eventPattern: "order.*.*", statusClass: [5], eventId: "evt_1" }), ["status", "pattern of the event type", "id"]);
  assert.deepEqual(leftAside({ eventPattern: "order.order.create", statusClass: [] }), []);
});
