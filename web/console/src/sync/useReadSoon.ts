import { useEffect, useRef } from "react";
import { useLive } from "../api/useLive";
import { WEBHOOK_CHANGES } from "../webhooks/documents";

// Changes come in bursts, such as those of an applied file: they are read together.
const BURST_MILLISECONDS = 300;

interface ReadSoon {
  /** The cursor of the first answer; undefined before it. */
  start: string | null | undefined;
  soon: () => void;
}

/** Reads again when webhooks change: an apply changes them, and so does what becomes drift or is set back. after: the cursor of the latest answer. */
export function useReadSoon(read: () => void, after: string | null | undefined): ReadSoon {
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const start = useRef<string | null | undefined>(undefined);
  start.current ??= after;
  useEffect(() => () => clearTimeout(timer.current), []);
  const soon = () => {
    clearTimeout(timer.current);
    timer.current = setTimeout(read, BURST_MILLISECONDS);
  };
  useLive(WEBHOOK_CHANGES, { after: start.current, onNode: soon, onGap: soon });
  return { start: start.current, soon };
}
