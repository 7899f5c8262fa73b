import assert from "node:assert/strict";
import crypto from "node:crypto";
import { createRequire } from "node:module";
import { test } from "node:test";
import { snippetsFor } from "./snippets.ts";

type Verify = (headers: Record<string, string>, body: Buffer) => boolean;
const require = createRequire(import.meta.url);

function nodeSnippet(algorithm: "HMAC_SHA256" | "ED25519", env: Record<string, string>): Verify {
  const [, code] = snippetsFor(algorithm).find(([language]) => language === "Node.js")!;
  return new Function("require", "process", `${code("wh_1")}; return verify;`)(require, { env }) as Verify;
}

function check(verify: Verify, sign: (content: string) => string) {
  const now = Math.floor(Date.now() / 1000);
  const headersAt = (at: number) => ({ "webhook-id": "evt_1", "webhook-timestamp": String(at), "webhook-signature": `v1,b2xk ${sign(`evt_1.${at}.{"a":1}`)}` });
  assert.equal(verify(headersAt(now), Buffer.from('{"a":1}')), true);
  assert.equal(verify(headersAt(now), Buffer.from('{"a":2}')), false);
  assert.equal(verify(headersAt(now - 301), Buffer.from('{"a":1}')), false);
  assert.equal(verify({ ...headersAt(now), "webhook-timestamp": "x" }, Buffer.from('{"a":1}')), false);
}

test("the Node.js snippet takes what was signed now, and nothing that was changed or is old", () => {
  const key = crypto.randomBytes(32);
  const verify = nodeSnippet("HMAC_SHA256", { WEBHOOK_SECRET: `whsec_${key.toString("base64")}` });
  check(verify, (content) => `v1,${crypto.createHmac("sha256", key).update(content).digest("base64")}`);
});

test("the Node.js snippet for Ed25519 does so, too", () => {
  const { publicKey, privateKey } = crypto.generateKeyPairSync("ed25519");
  const raw = Buffer.from(publicKey.export({ format: "jwk" }).x!, "base64url");
  const verify = nodeSnippet("ED25519", { WEBHOOK_PUBLIC_KEY: `whpk_${raw.toString("base64")}` });
  check(verify, (content) => `v1a,${crypto.sign(null, Buffer.from(content), privateKey).toString("base64")}`);
});
