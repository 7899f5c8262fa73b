import { useEffect, useState } from "react";
import { Button } from "react-aria-components";
import { useClient } from "urql";
import { wordsOf } from "../api/problems";
import type { RetryAllMutation, RetryWhich } from "../gql/graphql";
import { Dialog } from "../ui/Dialog";
import { Select } from "../ui/Select";
import { Refusals } from "../ui/Trouble";
import { RETRY_ALL } from "./job-documents";

const HOUR = 3_600_000;
const YESTERDAY = "yesterday";
const WHICH: readonly [RetryWhich, string][] = [
  ["FAILED", "Failed deliveries"],
  ["MISSED", "Events missed while it was off"],
  ["ALL", "Both"],
];
const SINCE = [["1", "In the last hour"], ["24", "In the last 24 hours"], [YESTERDAY, "Yesterday"], ["168", "In the last 7 days"], ["720", "In the last 30 days"]] as const;
type Counts = NonNullable<NonNullable<RetryAllMutation["deliveriesRetry"]>["counts"]>;

interface Props {
  webhookId: string;
  close: () => void;
  onStarted: (jobId: string) => void;
}

/** Sends what failed or was missed again: says how much that is, and begins a job for it. */
export function RetryAllDialog({ webhookId, close, onStarted }: Props) {
  const client = useClient();
  const [which, setWhich] = useState<RetryWhich>("FAILED");
  const [hours, setHours] = useState("24");
  const [counts, setCounts] = useState<Counts | null>(null);
  const [words, setWords] = useState<string[]>([]);
  const [isBusy, setBusy] = useState(false);
  // The count and what is sent are of the same time range.
  const [range, setRange] = useState(() => rangeOf("24"));

  useEffect(() => {
    let isOver = false;
    setCounts(null);
    void client
      .mutation(RETRY_ALL, { input: { webhookId, which, ...range, dryRun: true } })
      .toPromise()
      .then(({ data, error }) => {
        if (isOver) return;
        setWords(wordsOf(error, data?.deliveriesRetry?.userErrors));
        setCounts(data?.deliveriesRetry?.counts ?? null);
      });
    return () => {
      isOver = true;
    };
  }, [client, webhookId, which, range]);

  const start = async () => {
    setBusy(true);
    const { data, error } = await client.mutation(RETRY_ALL, { input: { webhookId, which, ...range } }).toPromise();
    setBusy(false);
    setWords(wordsOf(error, data?.deliveriesRetry?.userErrors));
    const job = data?.deliveriesRetry?.job;
    if (job) onStarted(job.id);
  };
  const total = counts && (counts.failed ?? 0) + (counts.missed ?? 0);
  return (
    <Dialog title="Retry" isOpen setOpen={close}>
      <div className="filters">
        <Select label="What" value={which} onChange={(value) => setWhich(value as RetryWhich)} options={WHICH} />
        <Select
          label="Since"
          value={hours}
          onChange={(value) => {
            setHours(value);
            setRange(rangeOf(value));
          }}
          options={SINCE}
        />
      </div>
      <p role="status" className="after">
        {counts ? sentenceOf(counts) : "Counting…"}
      </p>
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

function rangeOf(hours: string): { since: string; until: string } {
  const now = Date.now();
  // From midnight to midnight, in the browser's zone.
  if (hours === YESTERDAY) return { since: midnight(-1), until: midnight(0) };
  return { since: new Date(now - Number(hours) * HOUR).toISOString(), until: new Date(now).toISOString() };
}

function midnight(days: number): string {
  const day = new Date();
  day.setDate(day.getDate() + days);
  return new Date(day.setHours(0, 0, 0, 0)).toISOString();
}

const numberOf = (count: number, isExact: boolean) => `${isExact ? "" : "more than "}${count.toLocaleString()}`;

function sentenceOf({ failed, missed, exact }: Counts): string {
  const parts = [
    typeof failed === "number" && `${numberOf(failed, exact)} failed ${failed === 1 ? "delivery" : "deliveries"}`,
    typeof missed === "number" && `${numberOf(missed, exact)} missed ${missed === 1 ? "event" : "events"}`,
  ].filter(Boolean);
  return (failed ?? 0) + (missed ?? 0) ? `${parts.join(" and ")} would be sent.` : "There is nothing to send again.";
}
