import { useEffect, useEffectEvent } from "react";

// A look that finds what the last one found makes no event, nor does another problem in its place.
const AGAIN_MILLISECONDS = 5_000;

/** Reads again for as long as servers follow files, whose looks come without an event. */
export function useReadLooks(read: () => void, sources: readonly { isFollowed: boolean }[] | undefined) {
  const isFollowing = sources?.some((source) => source.isFollowed) ?? false;
  const again = useEffectEvent(read);
  useEffect(() => {
    if (!isFollowing) return;
    const timer = setInterval(() => document.visibilityState === "visible" && again(), AGAIN_MILLISECONDS);
    return () => clearInterval(timer);
  }, [isFollowing]);
}
