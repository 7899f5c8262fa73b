import { useEffect, useMemo, useState } from "react";
import { Button } from "react-aria-components";
import { useClient } from "urql";
import { wordsOf } from "../api/problems";
import type { AttemptFilter, RetryAllMutation, RetryWhich } from "../gql/graphql";
import { Dialog } from "../ui/Dialog";
import { usePlace } from "../ui/location";
import { RANGES, rangeOf } from "../ui/ranges";
import { Select } from "../ui/Select";
import { visible } from "../ui/times";
import { Refusals } from "../ui/Trouble";
import { RETRY_ALL } from "./job-documents";
import { leftAside, requestOf } from "./retry-request";

const AS_FILTERED = "filtered";
const WHICH: readonly [RetryWhich, string][] = [
  ["FAILED", "Failed deliveries"],
  ["MISSED", "Events missed while it was off"],
  ["ALL", "Both"],
];
type Counts = NonNullable<NonNullable<RetryAllMutation["deliveriesRetry"]>["counts"]>;

interface Props {
  /** That of the log: webhook, environment and event type are taken from it, and its time at first. */
  filter: AttemptFilter;
  close: () => void;
  onStarted: (jobId: string) => void;
}

/** Sends what failed, or was missed, again: says how much that is, and begins one job for it. */
export function RetryAllDialog({ filter, close, onStarted }: Props) {
  const client = useClient();
  const { search } = usePlace();
  const filtered = filter.since ? { since: filter.since, until: filter.until ?? null } : null;
  const named = search.get("time") ?? "";
  const [which, setWhich] = useState<RetryWhich>("FAILED");
  const [time, setTime] = useState(rangeOf(named, 0) ? named : filtered ? AS_FILTERED : "24h");
  const [counts, setCounts] = useState<Counts | null>(null);
  const [words, setWords] = useState<string[]>([]);
  const [isBusy, setBusy] = useState(false);
  // Once for each choice: the count and what is sent are of the same time range.
  const range = useMemo(() => rangeOf(time, Date.now()) ?? filtered, [time, filter.since, filter.until]);
  const wanted = JSON.stringify({ ...requestOf(filter), which, ...range });

  useEffect(() => {
    let isOver = false;
    setCounts(null);
    void client
      .mutation(RETRY_ALL, { input: { ...JSON.parse(wanted), dryRun: true } })
      .toPromise()
      .then(({ data, error }) => {
        if (isOver) return;
        setWords(wordsOf(error, data?.deliveriesRetry?.userErrors));
        setCounts(data?.deliveriesRetry?.counts ?? null);
      });
    return () => {
      isOver = true;
    };
  }, [client, wanted]);

  const start = async () => {
    setBusy(true);
    const { data, error } = await client.mutation(RETRY_ALL, { input: JSON.parse(wanted) }).toPromise();
    setBusy(false);
    setWords(wordsOf(error, data?.deliveriesRetry?.userErrors));
    const job = data?.deliveriesRetry?.job;
    if (job) onStarted(job.id);
  };
  const total = counts && (counts.failed ?? 0) + (counts.missed ?? 0);
  const times = filtered && !rangeOf(named, 0) ? [[AS_FILTERED, "As in the log"] as const, ...RANGES] : RANGES;
  return (
    <Dialog title={filter.webhookId ? "Retry" : "Retry all that failed"} isOpen setOpen={close}>
      <div className="filters">
        {filter.webhookId && <Select label="What" value={which} onChange={(value) => setWhich(value as RetryWhich)} options={WHICH} />}
        <Select label="Since" value={time} onChange={setTime} options={times} />
      </div>
      <p role="status" className="after">
        {counts ? sentenceOf(counts, !filter.webhookId) : words.length ? "" : "Counting…"}
      </p>
      <Scope filter={filter} />
      <Refusals words={words} />
      <div className="buttons">
        <Button className="button primary" isDisabled={!total} onPress={() => !isBusy && void start()}>
          {total ? `Send ${numberOf(total, counts.exact)}` : "Send"}
        </Button>
        <Button className="button" slot="close">
          Close
        </Button>
      </div>
    </Dialog>
  );
}

/** What the retry takes from the log's filters, and what it does not. */
function Scope({ filter }: { filter: AttemptFilter }) {
  const { eventType } = requestOf(filter);
  const aside = leftAside(filter);
  return (
    <p className="faint">
      {filter.environment ? `In ${filter.environment}` : "In all environments"}
      {eventType && `, of ${visible(eventType)}`}, by the time at which each delivery was made.
      {aside.length > 0 && ` The log's filter by ${aside.join(" and ")} is not used here: for those alone, select rows in the log.`}
    </p>
  );
}

const numberOf = (count: number, isExact: boolean) => `${isExact ? "" : "more than "}${count.toLocaleString()}`;

function sentenceOf({ failed, missed, webhooks, exact }: Counts, isOfAll: boolean): string {
  if (!((failed ?? 0) + (missed ?? 0))) return "There is nothing to send again.";
  const parts = [
    typeof failed === "number" && `${numberOf(failed, exact)} failed ${failed === 1 ? "delivery" : "deliveries"}`,
    typeof missed === "number" && `${numberOf(missed, exact)} missed ${missed === 1 ? "event" : "events"}`,
  ].filter(Boolean);
  const of = isOfAll && webhooks ? ` of ${webhooks.toLocaleString()} ${webhooks === 1 ? "webhook" : "webhooks"}` : "";
  return `${parts.join(" and ")}${of} would be sent.`;
}
