import { createContext, useContext } from "react";
import { graphql } from "../api/graphql";
import type { FrameQuery } from "../gql/graphql";

export const FRAME = graphql(`
  query Frame {
    liveCursor
    viewer { id name role scopes expiresAt workspace { id slug name } }
    server { version environments largestEventBytes hasMailServer retention { eventDays attemptDays } }
  }
`);

export type Frame = FrameQuery;
export const FrameContext = createContext<Frame | null>(null);

/** Who is signed in, and where. */
export function useFrame(): Frame {
  const frame = useContext(FrameContext);
  if (!frame) throw new Error("useFrame outside of the frame");
  return frame;
}

/** Says whether the token has a scope. Controls that need another one are disabled and name it. */
export function useMay(): (scope: string) => boolean {
  const { scopes } = useFrame().viewer;
  return (scope) => scopes.includes(scope);
}
