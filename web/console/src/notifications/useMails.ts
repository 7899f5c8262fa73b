import { useEffect } from "react";
import { isWaiting } from "./EmailReceipts";

const AGAIN_MILLISECONDS = 3_000;

type Waiting = { emails: readonly Parameters<typeof isWaiting>[0][] };

/** Reads a list anew while a mail of it waits to be sent: no subscription tells of that. */
export function useMails(found: readonly Waiting[], read: () => void): void {
  const waits = found.some(({ emails }) => emails.some(isWaiting));
  useEffect(() => {
    if (!waits) return;
    const timer = setInterval(() => document.visibilityState === "visible" && read(), AGAIN_MILLISECONDS);
    return () => clearInterval(timer);
  });
}
