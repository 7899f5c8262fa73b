import { useState } from "react";
import { Button } from "react-aria-components";
import { useClient } from "urql";
import { wordsOf } from "../api/problems";
import { useMay } from "../frame/viewer";
import type { AttemptRowFragment } from "../gql/graphql";
import { go, usePlace, withSearch } from "../ui/location";
import { inRow, moveRow, useKeys } from "../ui/keys";
import { Link } from "../ui/Link";
import { duration, visible } from "../ui/times";
import { Refusals, Skeleton, Trouble } from "../ui/Trouble";
import { When } from "../ui/When";
import { AttemptDrawer } from "./AttemptDrawer";
import { AttemptFilters } from "./AttemptFilters";
import { AttemptOutcome, causeWord } from "./AttemptOutcome";
import { RETRY } from "./documents";
import { useAttemptFilter } from "./filters";
import { JobProgress } from "./JobProgress";
import { RetryAllDialog } from "./RetryAllDialog";
import { useAttempts } from "./useAttempts";

/** Attempts as they end, newest first; each opens in a drawer. webhookId: of this webhook alone. */
export function AttemptLog({ webhookId = null }: { webhookId?: string | null }) {
  const { search } = usePlace();
  const client = useClient();
  const hasWebhooks = useMay()("webhooks:read") && !webhookId;
  const mayRetry = useMay()("deliveries:retry");
  const [isRetryingAll, setRetryingAll] = useState(false);
  const [isPaused, setPaused] = useState(false);
  const [words, setWords] = useState<string[]>([]);
  const { filter, isFiltered, wrong } = useAttemptFilter(webhookId);
  const { log, problem, read, showHeld, readOlder } = useAttempts(filter, hasWebhooks, isPaused);
  const retry = async (deliveryId: string) => {
    const { data, error } = await client.mutation(RETRY, { input: { id: deliveryId } }).toPromise();
    setWords(wordsOf(error, data?.deliveryRetry?.userErrors));
  };
  useKeys({
    j: () => moveRow(1),
    k: () => moveRow(-1),
    r: () => inRow("[data-retry]")?.click(),
    "/": () => document.querySelector<HTMLElement>("[type=search]")?.focus(),
  });
  const resume = () => {
    setPaused(false);
    showHeld();
  };
  const [opened, job] = [search.get("attempt"), search.get("job")];
  return (
    <>
      {job && <JobProgress id={job} close={() => go(withSearch({ job: null }), { isReplaced: true })} />}
      <AttemptFilters wrong={wrong} />
      <div className="filters">
        <Button className="button" onPress={() => (isPaused ? resume() : setPaused(true))}>
          {isPaused ? "Go on" : "Pause"}
        </Button>
        {log && log.held.length > 0 && (
          <Button className="button primary" onPress={showHeld}>{`${log.held.length} new`}</Button>
        )}
        {webhookId && (
          <Button className="button" isDisabled={!mayRetry} onPress={() => setRetryingAll(true)}>
            Retry failed or missed…
          </Button>
        )}
      </div>
      <Refusals words={words} />
      {problem && <Trouble problem={problem} retry={read} />}
      {!log && !problem && <Skeleton />}
      {log?.rows.length === 0 && (
        <p className="empty">{isFiltered ? "No attempt matches these filters. The environment above is one of them." : "Nothing was sent yet. What is sent appears here by itself."}</p>
      )}
      {log && log.rows.length > 0 && <AttemptTable rows={log.rows} hasWebhooks={hasWebhooks} retry={(id) => void retry(id)} />}
      {readOlder && (
        <div className="pages">
          <Button className="button" onPress={() => void readOlder()}>
            Older attempts
          </Button>
        </div>
      )}
      {isRetryingAll && webhookId && (
        <RetryAllDialog
          webhookId={webhookId}
          close={() => setRetryingAll(false)}
          onStarted={(id) => {
            setRetryingAll(false);
            go(withSearch({ job: id }));
          }}
        />
      )}
      {opened && <AttemptDrawer id={opened} retry={retry} words={words} close={() => go(withSearch({ attempt: null }))} />}
    </>
  );
}

interface TableProps {
  rows: readonly AttemptRowFragment[];
  hasWebhooks: boolean;
  retry: (deliveryId: string) => void;
}

function AttemptTable({ rows, hasWebhooks, retry }: TableProps) {
  const mayRetry = useMay()("deliveries:retry");
  return (
    <div className="scroller" role="region" aria-label="Attempts, table" tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">Time</th>
            <th scope="col">Outcome</th>
            <th scope="col">Event type</th>
            {hasWebhooks && <th scope="col">Webhook</th>}
            <th scope="col">Event</th>
            <th scope="col">Attempt</th>
            <th scope="col">Duration</th>
            <th scope="col">Next try</th>
            <th scope="col">
              <span className="hidden">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.id} data-row={row.id}>
              <td className="plain">
                <When at={row.startedAt} />
              </td>
              <td>
                <AttemptOutcome attempt={row} />
              </td>
              <td className="name">
                <Link to={withSearch({ attempt: row.id })} data-open="">
                  {visible(row.event.type)}
                </Link>
              </td>
              {hasWebhooks && (
                <td className="name">{row.webhook && <Link to={`/webhooks/${row.webhook.id}?tab=activity`}>{visible(row.webhook.name)}</Link>}</td>
              )}
              <td className="plain">
                <Link to={`/events/${row.event.id}`}>
                  <code>{row.event.id}</code>
                </Link>
              </td>
              <td className="plain">
                {row.number} <span className="faint">{causeWord(row.cause)}</span>
              </td>
              <td className="figure plain">{duration(row.durationMs)}</td>
              <td className="plain">{row.nextAttemptAt && <When at={row.nextAttemptAt} />}</td>
              <td>
                {row.outcome !== "SUCCEEDED" && (
                  <Button
                    className="button small"
                    data-retry=""
                    isDisabled={!mayRetry}
                    aria-label={`Retry ${row.event.type}, attempt ${row.number}`}
                    onPress={() => retry(row.delivery.id)}
                  >
                    Retry
                  </Button>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
