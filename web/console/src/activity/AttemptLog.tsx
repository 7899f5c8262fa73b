import { useState } from "react";
import { Button } from "react-aria-components";
import { useClient } from "urql";
import { wordsOf } from "../api/problems";
import { environment } from "../frame/environment";
import { useMay } from "../frame/viewer";
import type { AttemptOutcome as Outcome, AttemptRowFragment } from "../gql/graphql";
import { go, usePlace, withSearch } from "../ui/location";
import { inRow, moveRow, useKeys } from "../ui/keys";
import { Link } from "../ui/Link";
import { Select } from "../ui/Select";
import { duration, visible } from "../ui/times";
import { Refusals, Skeleton, Trouble } from "../ui/Trouble";
import { When } from "../ui/When";
import { useStore } from "../store";
import { AttemptDrawer } from "./AttemptDrawer";
import { AttemptOutcome, causeWord } from "./AttemptOutcome";
import { RETRY } from "./documents";
import { useAttempts } from "./useAttempts";

const OUTCOMES = [["", "Any outcome"], ["SUCCEEDED", "Succeeded"], ["FAILED", "Failed"], ["UNKNOWN", "Unknown"]] as const;

/** Attempts as they end, newest first; each opens in a drawer. */
export function AttemptLog({ webhookId }: { webhookId: string }) {
  const { search } = usePlace();
  const chosen = useStore(environment);
  const client = useClient();
  const [isPaused, setPaused] = useState(false);
  const [words, setWords] = useState<string[]>([]);
  const outcome = search.get("outcome");
  const { log, problem, read, showHeld, readOlder } = useAttempts(
    { webhookId, environment: chosen, outcome: outcome ? [outcome as Outcome] : null },
    isPaused,
  );
  const retry = async (deliveryId: string) => {
    const { data, error } = await client.mutation(RETRY, { input: { id: deliveryId } }).toPromise();
    setWords(wordsOf(error, data?.deliveryRetry?.userErrors));
  };
  useKeys({
    j: () => moveRow(1),
    k: () => moveRow(-1),
    r: () => inRow("[data-retry]")?.click(),
  });
  const resume = () => {
    setPaused(false);
    showHeld();
  };
  const opened = search.get("attempt");
  return (
    <>
      <div className="filters">
        <Select
          label="Outcome"
          value={outcome ?? ""}
          onChange={(value) => go(withSearch({ outcome: value || null }), { isReplaced: true })}
          options={OUTCOMES}
        />
        <Button className="button" onPress={() => (isPaused ? resume() : setPaused(true))}>
          {isPaused ? "Go on" : "Pause"}
        </Button>
        {log && log.held.length > 0 && (
          <Button className="button primary" onPress={showHeld}>{`${log.held.length} new`}</Button>
        )}
      </div>
      <Refusals words={words} />
      {problem && <Trouble problem={problem} retry={read} />}
      {!log && !problem && <Skeleton />}
      {log?.rows.length === 0 && (
        <p className="empty">{outcome ? "No attempt matches." : "Nothing was sent yet. What is sent appears here by itself."}</p>
      )}
      {log && log.rows.length > 0 && <AttemptTable rows={log.rows} retry={(id) => void retry(id)} />}
      {readOlder && (
        <div className="pages">
          <Button className="button" onPress={() => void readOlder()}>
            Older attempts
          </Button>
        </div>
      )}
      {opened && <AttemptDrawer id={opened} retry={retry} words={words} close={() => go(withSearch({ attempt: null }))} />}
    </>
  );
}

function AttemptTable({ rows, retry }: { rows: readonly AttemptRowFragment[]; retry: (deliveryId: string) => void }) {
  const mayRetry = useMay()("deliveries:retry");
  return (
    <div className="scroller" role="region" aria-label="Attempts, table" tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">Time</th>
            <th scope="col">Outcome</th>
            <th scope="col">Event type</th>
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
