// Durations and schedules in words. Pure.
import { span } from "../../ui/times.ts";

const MILLISECONDS: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** The length of a duration such as 30s; null for what is none. */
export function millisecondsOf(text: string): number | null {
  const [, number, unit] = /^(\d+)(ms|s|m|h|d)$/.exec(text.trim()) ?? [];
  return number && unit ? Number(number) * MILLISECONDS[unit]! : null;
}

/** When each retry would be made, since the first attempt; null from the first pause on that is no duration. */
export function timesOf(schedule: readonly string[]): (number | null)[] {
  let sum: number | null = 0;
  return schedule.map((pause) => {
    const length = millisecondsOf(pause);
    sum = sum === null || length === null ? null : sum + length;
    return sum;
  });
}

/** "11 attempts, gives up after 3 d 2 h". */
export function scheduleInWords(schedule: readonly string[]): string {
  if (!schedule.length) return "1 attempt and no retry.";
  const last = timesOf(schedule).at(-1);
  const attempts = `${schedule.length + 1} attempts`;
  if (last === null || last === undefined) return `${attempts}. A pause is a whole number and a unit, such as 30s, 5m or 2h.`;
  return `${attempts}, gives up after ${span(last)}. Each pause varies by up to 20 %.`;
}
