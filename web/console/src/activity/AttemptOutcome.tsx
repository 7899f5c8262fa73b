import { Status } from "../ui/Status";

interface Attempt {
  outcome: string;
  statusCode?: number | null;
  errorCode?: string | null;
  errorMessage?: string | null;
}

// A timeout, a refused connection and a 500 are three things to do something about.
const WORDS: Record<string, string> = {
  TIMEOUT: "Timed out",
  DNS: "Host not found",
  CONNECT: "Not connected",
  TLS: "TLS failed",
  REFUSED_ADDRESS: "Address not allowed",
  PROTOCOL: "Not HTTP",
  TEMPLATE: "Template failed",
  LISTENER_GONE: "Listener gone",
};

/** How an attempt ended: icon, word and status code. */
export function AttemptOutcome({ attempt }: { attempt: Attempt }) {
  const { outcome, statusCode, errorCode, errorMessage } = attempt;
  const code = statusCode ? ` ${statusCode}` : "";
  if (outcome === "SUCCEEDED") return <Status tone="good" icon="check">{`Succeeded${code}`}</Status>;
  if (outcome === "UNKNOWN") return <Status tone="warn" icon="question" title="The worker stopped before the outcome was recorded">Unknown</Status>;
  return <Status tone="bad" icon="cross" title={errorMessage ?? undefined}>{(errorCode && WORDS[errorCode]) ?? `Failed${code}`}</Status>;
}

interface Numbered {
  number: number;
  cause: string;
  webhook?: { retry: { schedule: readonly unknown[] } } | null;
}

/** "2 of 11"; without the end for one that the schedule did not make. most: where the attempt's webhook is not asked for. */
export function ofMost({ number, cause, webhook }: Numbered, most?: number): string {
  const last = webhook ? webhook.retry.schedule.length + 1 : most;
  const isOfSchedule = cause === "PUBLISH" || cause === "RETRY";
  return isOfSchedule && last !== undefined && number <= last ? `${number} of ${last}` : String(number);
}

const CAUSES: Record<string, string> = { PUBLISH: "Published", RETRY: "Retry", MANUAL: "By hand", TEST: "Test" };

export const causeWord = (cause: string): string => CAUSES[cause] ?? cause;
