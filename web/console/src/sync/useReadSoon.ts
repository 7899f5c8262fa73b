import { useEffect, useRef } from "react";
import { useLive } from "../api/useLive";
import { WEBHOOK_CHANGES } from "../webhooks/documents";

// Changes come in bursts, such as those of an applied file: they are read together.
const BURST_MILLISECONDS = 300;

/** Reads again when webhooks change: an apply changes them, and so does what becomes drift. after: the cursor of the first answer; undefined before it. */
export function useReadSoon(read: () => void, after: string | null | undefined): void {
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const start = useRef<string | null | undefined>(undefined);
  start.current ??= after;
  useEffect(() => () => clearTimeout(timer.current), []);
  const soon = () => {
    clearTimeout(timer.current);
    timer.current = setTimeout(read, BURST_MILLISECONDS);
  };
  useLive(WEBHOOK_CHANGES, { after: start.current, onNode: soon, onGap: soon });
}
