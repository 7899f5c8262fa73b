import { useEffect } from "react";
import { useQuery } from "urql";
import { problemOf } from "../api/problems";
import { Trouble } from "../ui/Trouble";
import { When } from "../ui/When";
import { WEBHOOK_HEALTH } from "./documents";

/** When Hookline disables a webhook by itself, and how near it is to that. version: that of the webhook; another one is read anew. */
export function AutoDisableRule({ id, version }: { id: string; version: number }) {
  const [{ data, error }, again] = useQuery({ query: WEBHOOK_HEALTH, variables: { id } });
  const read = () => again({ requestPolicy: "network-only" });
  useEffect(() => again({ requestPolicy: "network-only" }), [again, version]);
  const problem = problemOf(error);
  const webhook = data?.webhook;
  const rule = webhook?.autoDisable;
  return (
    <section>
      <h2>When it is disabled automatically</h2>
      {problem && <Trouble problem={problem} retry={read} />}
      {webhook && (rule ? <p>{inWords(rule.failures, rule.over)}</p> : <p>Never, however often it fails.</p>)}
      {webhook?.health.failingSince && (
        <p>
          Now {webhook.health.consecutiveFailures} {webhook.health.consecutiveFailures === 1 ? "attempt has" : "attempts have"} failed in a row, the first{" "}
          <When at={webhook.health.failingSince} />.
        </p>
      )}
      {webhook && rule && <p className="faint">A success begins the count anew. Attempts by hand and tests do not count.</p>}
    </section>
  );
}

function inWords(failures: number, over: string): string {
  const gone = "also after three responses of 410 Gone in a row";
  if (failures === 1) return `After a failed attempt if it has been failing for ${spelled(over)}; ${gone}.`;
  return `After ${failures.toLocaleString()} failed attempts in a row, of more than one event, over at least ${spelled(over)}; ${gone}.`;
}

const UNITS: Readonly<Record<string, string>> = { d: "day", h: "hour", m: "minute", s: "second" };

/** "2 days" of 2d, "1 hour 30 minutes" of 1h30m. */
export function spelled(duration: string): string {
  const parts = [...duration.matchAll(/(\d+)([dhms])/g)];
  return parts.map(([, count, unit]) => `${count} ${UNITS[unit!]}${count === "1" ? "" : "s"}`).join(" ") || duration;
}
