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

const CAUSES: Record<string, string> = { PUBLISH: "Published", RETRY: "Retry", MANUAL: "By hand", TEST: "Test" };

export const causeWord = (cause: string): string => CAUSES[cause] ?? cause;
