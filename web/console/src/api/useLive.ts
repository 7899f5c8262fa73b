import { createContext, useContext, useEffect, useRef, useSyncExternalStore } from "react";
import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import type { Followed, Live } from "./live";

export const LiveContext = createContext<Live | null>(null);

const followVisibility = (listener: () => void) => {
  document.addEventListener("visibilitychange", listener);
  return () => document.removeEventListener("visibilitychange", listener);
};

/** Whether the tab is in front: one in the background follows nothing, and goes on where it was when it comes back. */
export function useIsVisible(): boolean {
  return useSyncExternalStore(followVisibility, () => document.visibilityState === "visible");
}

interface Options<Node> {
  /** Where to begin; nothing is followed before it is known. undefined: not known yet. null: from now on. */
  after: string | null | undefined;
  variables?: Record<string, unknown>;
  isPaused?: boolean;
  onNode: Followed<Node>["onNode"];
  onGap: Followed<Node>["onGap"];
  onSkipped?: Followed<Node>["onSkipped"];
}

/** Follows a subscription while the component is there, the tab in front and nothing paused. */
export function useLive<Node>(document: TypedDocumentNode<unknown, never>, options: Options<Node>): void {
  const live = useContext(LiveContext);
  const isVisible = useIsVisible();
  const latest = useRef(options);
  latest.current = options;
  const cursor = useRef<string | null>(null);
  const { after, isPaused = false } = options;
  const variables = JSON.stringify(options.variables ?? {});
  // A new place to begin counts more than where the last one got to.
  useEffect(() => {
    cursor.current = after ?? null;
  }, [after, variables]);
  useEffect(() => {
    if (!live || !isVisible || isPaused || after === undefined) return;
    return live.follow<Node>({
      document,
      variables: { ...(JSON.parse(variables) as object), after: cursor.current },
      onNode(node, place) {
        cursor.current = place;
        latest.current.onNode(node, place);
      },
      onGap: () => latest.current.onGap(),
      onSkipped: (count) => latest.current.onSkipped?.(count),
    });
  }, [live, document, variables, after, isVisible, isPaused]);
}
