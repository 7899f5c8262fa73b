import assert from "node:assert/strict";
import { test } from "node:test";
import { absolute, duration, middleTruncated, relative, span, visible } from "./times.ts";

const NOW = Date.parse("2026-11-28T12:00:00Z");

test("times are relative in the largest unit that fits", () => {
  const shown = (at: string) => relative(at, NOW, "en-GB");
  assert.equal(shown("2026-11-28T11:57:00Z"), "3 min ago");
  assert.equal(shown("2026-11-28T14:30:00Z"), "in 2 hr");
  assert.equal(shown("2026-11-28T12:00:00Z"), "now");
  assert.equal(shown("2026-11-25T11:00:00Z"), "3 days ago");
});

test("the whole time says its zone where it is UTC", () => {
  assert.match(absolute("2026-11-28T11:57:00Z", true, "en-GB"), /28 Nov 2026, 11:57:00 UTC$/);
});

test("durations below a second are in milliseconds, those above a minute in two units", () => {
  assert.deepEqual([0, 840, 1_240, 60_000, 90_000, null].map(duration), ["0 ms", "840 ms", "1.2 s", "1 min", "1 min 30 s", ""]);
  assert.deepEqual([500, 5_000, 90_000, 3_600_000, 90_060_000].map(span), ["500 ms", "5 s", "1 min 30 s", "1 h", "1 d 1 h"]);
});

test("a long text keeps its beginning and its end", () => {
  assert.equal(middleTruncated("https://example.com/a/long/path/to/hooks", 20), "https://exam…o/hooks");
  assert.equal(middleTruncated("short", 20), "short");
  assert.equal([...middleTruncated("😀".repeat(30), 20)].length, 20);
});

test("characters that nobody would see are shown by their number", () => {
  assert.equal(visible("a\u202eb\u0000c\u001b[31m\u200bd\te\n"), "a\\u{202e}b\\u{0}c\\u{1b}[31m\\u{200b}d\te\n");
  assert.equal(visible("<b>Ünïcode 日本 😀</b>"), "<b>Ünïcode 日本 😀</b>");
});
