import { useCallback, useEffect, useRef, useState } from "react";
import { useQuery } from "urql";
import { problemOf } from "../api/problems";
import { useLive } from "../api/useLive";
import type { EventFilter, EventRowFragment } from "../gql/graphql";
import { usePlace } from "../ui/location";
import { usePaging } from "../ui/paging";
import { EVENT_LIST, EVENTS_LIVE } from "./documents";

const FLUSH_MILLISECONDS = 250;
// However many events there are: each reading counts up to 10,000 of them.
const AGAIN_MILLISECONDS = 3_000;
// So long after the last sample the list is whole again.
const CALM_MILLISECONDS = 10_000;
// More of them than this, and the list is read again instead.
const MOST_ROWS = 200;
const NOTHING: readonly EventRowFragment[] = [];

/** A page of the events that a filter matches, newest first. What is published arrives at the top of the first page; of very many a sample, and the list is read again. isPaused: nothing arrives. */
export function useEvents(filter: EventFilter, isPaused: boolean) {
  const { search } = usePlace();
  const [{ data, error, stale }, again] = useQuery({ query: EVENT_LIST, variables: { filter, ...usePaging() } });
  const [came, setCame] = useState(NOTHING);
  const [isSample, setSample] = useState(false);
  const waiting = useRef<EventRowFragment[]>([]);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const calm = useRef<ReturnType<typeof setTimeout>>(undefined);
  const read = useCallback(() => again({ requestPolicy: "network-only" }), [again]);
  const readSoon = () => {
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      read();
    }, AGAIN_MILLISECONDS);
  };
  const list = data?.events;
  const key = JSON.stringify(filter);
  // Older pages stand still, and so does a range of time that is over.
  const isFollowing = !search.get("before") && !search.get("after") && !filter.until;
  useEffect(() => {
    waiting.current = [];
    setCame(NOTHING);
  }, [key, isFollowing]);
  // What came while the list was on its way may be missing in it; the rest is there, or on older pages.
  useEffect(() => {
    const oldest = list?.nodes.at(-1)?.id ?? "";
    const known = new Set(list?.nodes.map(({ id }) => id));
    setCame((now) => now.filter(({ id }) => id > oldest && !known.has(id)));
  }, [list]);
  useEffect(
    () => () => {
      clearTimeout(timer.current);
      clearTimeout(calm.current);
    },
    [],
  );
  useLive<EventRowFragment>(EVENTS_LIVE, {
    after: isFollowing ? null : undefined,
    variables: { eventType: filter.type, environment: filter.environment },
    isPaused,
    onNode: (event) => (filter.pattern ? readSoon() : waiting.current.push(event)),
    onGap: read,
    onSkipped: (count) => {
      if (!count) return;
      setSample(true);
      clearTimeout(calm.current);
      calm.current = setTimeout(() => setSample(false), CALM_MILLISECONDS);
      readSoon();
    },
  });
  useEffect(() => {
    const flush = setInterval(() => {
      const rows = waiting.current.splice(0).reverse();
      if (rows.length) setCame((now) => [...rows, ...now].slice(0, MOST_ROWS));
    }, FLUSH_MILLISECONDS);
    return () => clearInterval(flush);
  }, []);
  useEffect(() => {
    if (came.length === MOST_ROWS) read();
  }, [came, read]);
  const rows = list && newestFirst([...came, ...list.nodes]);
  return { rows, list, problem: problemOf(error), stale, read, isFollowing, isSample: isSample && isFollowing && !isPaused };
}

// A batch may have an event again, or one that the list has by now. Ids are in the order of time.
const newestFirst = (rows: readonly EventRowFragment[]) =>
  [...new Map(rows.map((row) => [row.id, row])).values()].sort((one, other) => (one.id < other.id ? 1 : -1));
