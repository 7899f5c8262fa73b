import { useEffect, useMemo, useState } from "react";
import { absolute, relative } from "./times";
import { makeStore, useStore } from "../store";

const clock = makeStore(Date.now());
const isUtc = makeStore(false);
let users = 0;
let timer: ReturnType<typeof setInterval> | undefined;

/** The time that the page shows relative ones from: one clock for all of them. */
export function useNow(): number {
  useEffect(() => {
    users += 1;
    timer ??= setInterval(() => clock.set(Date.now()), 5_000);
    return () => {
      users -= 1;
      if (users) return;
      clearInterval(timer);
      timer = undefined;
    };
  }, []);
  return useStore(clock);
}

/** A time, relative; the absolute one on hover, in UTC after a click. */
export function When({ at }: { at: string | null | undefined }) {
  // The clock moves every five seconds: what has just come, here too, would lie ahead of it.
  const shownAt = useMemo(() => Date.now(), [at]);
  const now = Math.max(useNow(), shownAt);
  const utc = useStore(isUtc);
  const [isAbsolute, setAbsolute] = useState(false);
  if (!at) return <span className="faint">never</span>;
  const whole = absolute(at, utc);
  const shift = () => {
    isUtc.set(isAbsolute ? !utc : utc);
    setAbsolute(!(isAbsolute && utc));
  };
  return (
    <button type="button" className="when" title={`${whole} (click: ${isAbsolute ? "the other zone" : "exact time"})`} onClick={shift}>
      <time dateTime={at}>{isAbsolute ? whole : relative(at, now)}</time>
    </button>
  );
}
