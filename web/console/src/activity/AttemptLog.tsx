import { useEffect, useRef, useState } from "react";
import { Button } from "react-aria-components";
import { ofFilter } from "../api/problems";
import { useMay } from "../frame/viewer";
import { go, usePlace, withSearch } from "../ui/location";
import { inRow, moveRow, useKeys } from "../ui/keys";
import { Refusals, Skeleton, Trouble } from "../ui/Trouble";
import { AttemptDrawer } from "./AttemptDrawer";
import { AttemptFilters } from "./AttemptFilters";
import { AttemptTable } from "./AttemptTable";
import { Charts } from "./Charts";
import { useAttemptFilter } from "./filters";
import { JobProgress } from "./JobProgress";
import { RetryAllDialog } from "./RetryAllDialog";
import { RetrySelected } from "./RetrySelected";
import { MOST_ROWS } from "./rows";
import { useAttempts } from "./useAttempts";
import { useRetryDelivery } from "./useRetryDelivery";
import { useSelection } from "./useSelection";
import { ScopedButton } from "../ui/ScopedButton";

interface Props {
  /** Of this webhook alone. */
  webhookId?: string | null;
  /** Attempts that it makes at most. */
  most?: number;
}

/** Attempts as they end, newest first; each opens in a drawer. */
export function AttemptLog({ webhookId = null, most }: Props) {
  const { search } = usePlace();
  const may = useMay();
  const hasWebhooks = may("webhooks:read") && !webhookId;
  const [isRetryingAll, setRetryingAll] = useState(false);
  const [isPaused, setPaused] = useState(false);
  const [isAway, setAway] = useState(false);
  const { retry, words, setWords } = useRetryDelivery();
  const scroller = useRef<HTMLDivElement>(null);
  const selection = useSelection();
  const { filter, isFiltered, wrong } = useAttemptFilter(webhookId);
  const { log, problem: found, read, showHeld, readOlder } = useAttempts(filter, hasWebhooks, isPaused || isAway);
  const { words: wrongPattern, rest: problem } = ofFilter(found, ["eventPattern"]);
  const isHeld = isPaused || isAway;
  // Back at the top, what waited is there.
  useEffect(() => {
    if (!isHeld) showHeld();
  }, [isHeld, showHeld]);
  useKeys({
    j: () => moveRow(1),
    k: () => moveRow(-1),
    r: () => inRow("[data-retry]")?.click(),
    "/": () => document.querySelector<HTMLElement>("[type=search]")?.focus(),
  });
  const toTop = () => {
    showHeld();
    scroller.current?.scrollTo({ top: 0 });
  };
  const [opened, job] = [search.get("attempt"), search.get("job")];
  const isEmpty = log?.rows.length === 0;
  return (
    <>
      {job && <JobProgress id={job} close={() => go(withSearch({ job: null }), { isReplaced: true })} />}
      <Charts webhookId={webhookId} newest={(log?.held[0] ?? log?.rows[0])?.id} />
      <AttemptFilters {...{ wrong, wrongPattern }} hasWebhooks={hasWebhooks} />
      <div className="filters">
        <Button className="button" onPress={() => setPaused(!isPaused)}>
          {isPaused ? "Go on" : "Pause"}
        </Button>
        {log && log.held.length > 0 && (
          <Button className="button primary" onPress={toTop}>{`${log.held.length.toLocaleString()} new`}</Button>
        )}
        <RetrySelected selection={selection} retry={retry} setWords={setWords} />
        <ScopedButton scope="deliveries:retry" className="button" onPress={() => setRetryingAll(true)}>
          {webhookId ? "Retry failed or missed…" : "Retry all failed…"}
        </ScopedButton>
      </div>
      <Refusals words={words} />
      {problem && <Trouble problem={problem} retry={read} />}
      {!log && !found && <Skeleton />}
      {isEmpty && (
        <p className="empty">{isFiltered ? "No attempt matches these filters. The environment above is one of them." : "Nothing was sent yet. What is sent appears here by itself."}</p>
      )}
      {log && !isEmpty && (
        <AttemptTable rows={log.rows} {...{ hasWebhooks, most, scroller, selection, setAway }} retry={(id) => void retry(id)} />
      )}
      {log?.isCut && <p className="faint">These are the newest {MOST_ROWS.toLocaleString()}. Choose a time range to see older ones.</p>}
      {readOlder && (
        <div className="pages">
          <Button className="button" onPress={() => void readOlder()}>
            Older attempts
          </Button>
        </div>
      )}
      {isRetryingAll && (
        <RetryAllDialog
          filter={filter}
          close={() => setRetryingAll(false)}
          onStarted={(id) => {
            setRetryingAll(false);
            go(withSearch({ job: id }));
          }}
        />
      )}
      {opened && (
        <AttemptDrawer id={opened} retry={async (id) => void (await retry(id))} words={words} close={() => go(withSearch({ attempt: null }))} />
      )}
    </>
  );
}
