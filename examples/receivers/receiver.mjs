// Receives webhooks, verifies them (Standard Webhooks, HMAC-SHA256) and prints each event once. Needs nothing
// but Node 18: WEBHOOK_SECRET=whsec_… PORT=8080 node receiver.mjs

import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";

const LIMIT_BYTES = 1024 * 1024;
const TOLERANCE_SECONDS = 300;
// Two, separated by a blank, while one is replaced by the other.
const keys = process.env.WEBHOOK_SECRET.split(" ").map((secret) => {
  if (!/^whsec_[A-Za-z0-9+/]{4,}=*$/.test(secret)) throw new Error("WEBHOOK_SECRET must be whsec_ and base64");
  return Buffer.from(secret.slice("whsec_".length), "base64");
});
// A real receiver keeps the ids of some days in its database, in the transaction that does the work.
const seen = new Set();

/** The webhook's id, or null if it is not from who has the secret, or too old. body: a Buffer, as it came. */
function verify(body, headers, now = Date.now() / 1000) {
  const { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signatures } = headers;
  if (!id || !signatures || !/^\d{1,11}$/.test(timestamp ?? "")) return null;
  if (Math.abs(now - Number(timestamp)) > TOLERANCE_SECONDS) return null;
  const given = signatures
    .split(" ")
    .filter((signature) => signature.startsWith("v1,"))
    .map((signature) => Buffer.from(signature.slice(3), "base64"));
  const fits = keys.some((key) => {
    const expected = createHmac("sha256", key).update(`${id}.${timestamp}.`).update(body).digest();
    return given.some((code) => code.length === expected.length && timingSafeEqual(code, expected));
  });
  return fits ? id : null;
}

async function read(request) {
  const parts = [];
  let length = 0;
  for await (const part of request) {
    length += part.length;
    if (length > LIMIT_BYTES) return null;
    parts.push(part);
  }
  return Buffer.concat(parts);
}

const server = createServer(async (request, response) => {
  try {
    const body = await read(request);
    const id = body && verify(body, request.headers);
    if (id && !seen.has(id)) {
      console.log(id, JSON.parse(body).type);
      seen.add(id);
    }
    response.writeHead(body === null ? 413 : id ? 204 : 400).end();
  } catch (error) {
    // The sender ended the connection, or the body is no JSON: it comes again.
    console.error(error.message);
    response.writeHead(500).end();
  }
});
server.listen(Number(process.env.PORT ?? 8080), "127.0.0.1", () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}`);
});
