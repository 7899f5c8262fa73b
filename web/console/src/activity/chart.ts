// Geometry and time ranges of the charts above a log. Pure: `now` is given.
import type { BucketsFragment, StatsStep } from "../gql/graphql";

export type Bucket = BucketsFragment;

export const WIDTH = 480;
export const HEIGHT = 96;
const MINUTE = 60_000;
const STEPS: Readonly<Record<string, readonly [StatsStep, bucketMilliseconds: number, buckets: number]>> = {
  "1h": ["MINUTE", MINUTE, 60],
  "24h": ["HOUR", 60 * MINUTE, 24],
  "7d": ["HOUR", 60 * MINUTE, 168],
  "30d": ["DAY", 1_440 * MINUTE, 30],
};
export const RANGES = [["1h", "1 h"], ["24h", "24 h"], ["7d", "7 d"], ["30d", "30 d"]] as const;

/** What the API is asked for, for a range of the address; an unknown one is 24 h. Whole buckets, the present one included. */
export function askedOf(range: string, now: number): { since: string; step: StatsStep } {
  const [step, length, count] = STEPS[range] ?? STEPS["24h"]!;
  return { since: new Date((Math.floor(now / length) - count + 1) * length).toISOString(), step };
}

/** The next round figure, for the top of an axis. */
export function roundedUp(value: number): number {
  if (value <= 1) return 1;
  const size = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 5, 10].find((factor) => factor * size >= value) ?? 10) * size;
}

/** Bars of a bucket as heights: what failed stands on what succeeded, and one alone is still seen. */
export function stackOf({ attempts, failures }: Bucket, most: number): { good: number; bad: number } {
  const heightOf = (count: number) => (count > 0 ? Math.max(2, (count / most) * HEIGHT) : 0);
  return { good: heightOf(attempts - failures), bad: heightOf(failures) };
}

/** A path through the values; a bucket without one breaks it, and one alone is a short dash. */
export function lineOf(values: readonly (number | null | undefined)[], most: number): string {
  const step = WIDTH / values.length;
  return values
    .map((value, at) => {
      if (typeof value !== "number") return "";
      const [x, y] = [(at + 0.5) * step, (HEIGHT - (value / most) * HEIGHT).toFixed(1)];
      if (typeof values[at - 1] === "number") return `L${x.toFixed(1)} ${y}`;
      return typeof values[at + 1] === "number" ? `M${x.toFixed(1)} ${y}` : `M${(x - 4).toFixed(1)} ${y}h8`;
    })
    .join("");
}
