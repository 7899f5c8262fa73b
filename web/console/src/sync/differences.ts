// What differs between two values of a field, line by line. Pure.
import { diffArrays } from "diff";
import { itemsOf } from "./values.ts";

export interface Line {
  /** "-" of the value before, "+" of the one after, " " of both. */
  mark: "-" | "+" | " ";
  text: string;
}

/** Longer values stand below each other, or in lines of their own. */
export const MOST_BESIDE = 80;
/** Of a template, which has 64 KiB; as many lines as anybody looks through. */
const MOST_LINES = 500;
// Beyond it two values have hardly a line in common, and to look for those takes seconds.
const MOST_EDITS = 1_000;

/** Lines that differ, of a JSON or a template with one line around; none where both are short enough to stand beside each other. */
export function linesThatDiffer(before: unknown, after: unknown): Line[] {
  const [old, now] = [linesOf(before), linesOf(after)];
  const isShort = (lines: string[]) => lines.length < 2 && (lines[0] ?? "").length <= MOST_BESIDE;
  if (isShort(old) && isShort(now)) return [];
  const parts = diffArrays(old, now, { maxEditLength: MOST_EDITS });
  if (!parts) return cut([...old.map((text): Line => ({ mark: "-", text })), ...now.map((text): Line => ({ mark: "+", text }))]);
  const isList = itemsOf(before) !== null || itemsOf(after) !== null;
  const lines = parts.flatMap(({ added, removed, value }, at): Line[] => {
    if (added || removed) return value.map((text) => ({ mark: added ? "+" : "-", text }));
    return isList ? [] : around(value, at === 0, at === parts.length - 1);
  });
  return cut(lines);
}

/** Lines of a value as people read it: items of a list, `name: value` of headers and labels, JSON with indents. */
export function linesOf(value: unknown): string[] {
  if (value === null || value === undefined) return [];
  if (typeof value === "string") return value.split("\n");
  return itemsOf(value) ?? JSON.stringify(value, null, 2).split("\n");
}

function around(same: string[], isFirst: boolean, isLast: boolean): Line[] {
  const [head, end] = [isFirst ? 0 : 1, isLast ? 0 : 1];
  const left = same.length - head - end;
  const shown = left > 1 ? [...same.slice(0, head), "…", ...same.slice(same.length - end)] : same;
  return shown.map((text) => ({ mark: " ", text }));
}

function cut(lines: Line[]): Line[] {
  const more = lines.length - MOST_LINES;
  return more > 0 ? [...lines.slice(0, MOST_LINES), { mark: " ", text: `… and ${more.toLocaleString("en")} more lines` }] : lines;
}
