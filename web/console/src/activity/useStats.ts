import { useEffect, useRef, useState } from "react";
import { useClient } from "urql";
import { problemOf, type Problem } from "../api/problems";
import { askedOf, type Bucket } from "./chart";
import { ALL_STATS, WEBHOOK_STATS } from "./chart-documents";

const AGAIN_MILLISECONDS = 5_000;

/** The figures of a range. newest: the attempt that came last; while some come they are asked for anew, every 5 s at most. */
export function useStats(webhookId: string | null, range: string, newest: string | undefined) {
  const client = useClient();
  const [buckets, setBuckets] = useState<readonly Bucket[] | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [round, setRound] = useState(0);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => setBuckets(null), [webhookId, range]);
  useEffect(() => {
    let isOver = false;
    const read = async () => {
      const asked = askedOf(range, Date.now());
      const options = { requestPolicy: "network-only" } as const;
      if (webhookId) {
        const { data, error } = await client.query(WEBHOOK_STATS, { id: webhookId, ...asked }, options).toPromise();
        return { found: data?.webhook?.stats, error };
      }
      const { data, error } = await client.query(ALL_STATS, asked, options).toPromise();
      return { found: data?.stats, error };
    };
    void read().then(({ found, error }) => {
      if (isOver) return;
      setProblem(problemOf(error));
      if (found) setBuckets(found);
    });
    return () => {
      isOver = true;
    };
  }, [client, webhookId, range, round]);
  useEffect(() => {
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      setRound((count) => count + 1);
    }, AGAIN_MILLISECONDS);
  }, [newest]);
  useEffect(
    () => () => {
      clearTimeout(timer.current);
      timer.current = undefined;
    },
    [],
  );
  return { buckets, problem, read: () => setRound((count) => count + 1) };
}
