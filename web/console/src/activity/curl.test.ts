import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { asCurl } from "./curl.ts";

/** The arguments as a shell reads them. */
function words(command: string): string[] {
  const script = `curl() { printf '%s\\0' "$@"; }\n${command}`;
  return execFileSync("sh", ["-c", script], { env: { X_KEY: "k" } }).toString().split("\0").slice(0, -1);
}

test("the command says to a shell what was sent, whatever is in it", () => {
  const hostile = `{"a": "it's $(touch x) \`id\` \\" \n"}`;
  const command = asCurl({
    requestUrl: "https://example.com/in?a=1&b='2'",
    requestHeaders: [{ name: "x-a", value: "'; rm -rf / #" }, { name: "Content-Length", value: "3" }, { name: "x-key", value: null }],
    requestBody: hostile,
  });
  assert.deepEqual(words(command), [
    "-X",
    "POST",
    "https://example.com/in?a=1&b='2'",
    "-H",
    "x-a: '; rm -rf / #",
    "-H",
    "x-key: k",
    "--data-raw",
    hostile,
  ]);
});

test("an empty header and a URL with brackets are sent as they are", () => {
  const command = asCurl({ requestUrl: "https://example.com/[a]{b}", requestHeaders: [{ name: "x-a", value: "" }], requestBody: null });
  assert.deepEqual(words(command), ["-g", "-X", "POST", "https://example.com/[a]{b}", "-H", "x-a;"]);
});

test("a body that is too long for an argument goes through a pipe", () => {
  const body = "it's 100% \\n ".repeat(20_000);
  const command = asCurl({ requestUrl: "https://example.com/", requestHeaders: [], requestBody: body });
  const printed = execFileSync("sh", { input: `curl() { printf '%s ' "$@"; cat; }\n${command}`, maxBuffer: 1e7 });
  assert.equal(printed.toString(), `-X POST https://example.com/ --data-binary @- ${body}`);
});
