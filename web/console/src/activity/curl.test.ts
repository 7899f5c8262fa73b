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
