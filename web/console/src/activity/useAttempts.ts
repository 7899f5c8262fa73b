import { useCallback, useEffect, useRef, useState } from "react";
import { useClient } from "urql";
import { problemOf, type Problem } from "../api/problems";
import { useLive } from "../api/useLive";
import type { AttemptFilter, AttemptRowFragment } from "../gql/graphql";
import { ATTEMPTS_LIVE, ATTEMPT_LIST } from "./documents";
import { extended, grown, shown, type Log } from "./rows";

const FLUSH_MILLISECONDS = 250;

/** The attempts that a filter matches, newest first, growing while they arrive. hasWebhooks: each with its webhook. isHeld: what arrives waits. */
export function useAttempts(filter: AttemptFilter, hasWebhooks: boolean, isHeld: boolean) {
  const client = useClient();
  const [log, setLog] = useState<Log<AttemptRowFragment> | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [older, setOlder] = useState<string | null>(null);
  const [start, setStart] = useState<string | null | undefined>(undefined);
  const [round, setRound] = useState(0);
  const came = useRef<AttemptRowFragment[]>([]);
  const key = JSON.stringify(filter);

  useEffect(() => {
    let isOver = false;
    // The cursor and the first page in one query: nothing falls between them.
    void client
      .query(ATTEMPT_LIST, { filter: JSON.parse(key) as AttemptFilter, hasWebhooks }, { requestPolicy: "network-only" })
      .toPromise()
      .then(({ data, error }) => {
        if (isOver) return;
        setProblem(problemOf(error));
        if (!data?.attempts) return;
        came.current = [];
        setLog({ rows: data.attempts.nodes, held: [], isCut: false });
        setOlder(data.attempts.pageInfo.hasNextPage ? (data.attempts.pageInfo.endCursor ?? null) : null);
        setStart(data.liveCursor ?? null);
      });
    return () => {
      isOver = true;
    };
  }, [client, key, hasWebhooks, round]);

  const read = useCallback(() => setRound((count) => count + 1), []);
  useLive<AttemptRowFragment>(ATTEMPTS_LIVE, {
    after: start,
    variables: { filter, hasWebhooks },
    onNode: (node) => came.current.push(node),
    onGap: read,
  });
  useEffect(() => {
    // In pieces: fifty rows a second must not draw fifty times.
    const timer = setInterval(() => {
      const rows = came.current.splice(0);
      if (rows.length) setLog((now) => now && grown(now, rows, isHeld));
    }, FLUSH_MILLISECONDS);
    return () => clearInterval(timer);
  }, [isHeld]);

  const readOlder = async () => {
    const { data, error } = await client.query(ATTEMPT_LIST, { filter, hasWebhooks, after: older }, { requestPolicy: "network-only" }).toPromise();
    setProblem(problemOf(error));
    if (!data?.attempts) return;
    const { nodes, pageInfo } = data.attempts;
    setLog((now) => now && extended(now, nodes));
    setOlder(pageInfo.hasNextPage ? (pageInfo.endCursor ?? null) : null);
  };
  const showHeld = useCallback(() => setLog((now) => now && shown(now)), []);
  // After a cut the older page would not be next to what is shown.
  return { log, problem, read, showHeld, readOlder: older && !log?.isCut ? readOlder : null };
}
