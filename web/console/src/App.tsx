import { Suspense, useEffect, useMemo } from "react";
import { Provider, useQuery } from "urql";
import { makeClient } from "./api/client";
import { Live } from "./api/live";
import { problemOf } from "./api/problems";
import { LiveContext } from "./api/useLive";
import { Frame } from "./frame/Frame";
import { FRAME, FrameContext } from "./frame/viewer";
import { Page } from "./pages";
import { session } from "./session/session";
import { SignIn } from "./session/SignIn";
import { useStore } from "./store";
import { Boundary } from "./ui/Boundary";
import { usePlace } from "./ui/location";
import { Skeleton, Trouble } from "./ui/Trouble";

/** The sign-in page, or the frame with the page of the address. */
export function App() {
  const { token } = useStore(session);
  return token ? <SignedIn key={token} token={token} /> : <SignIn />;
}

function SignedIn({ token }: { token: string }) {
  const client = useMemo(() => makeClient(token), [token]);
  const live = useMemo(() => new Live(token), [token]);
  useEffect(() => () => live.close(), [live]);
  return (
    <Provider value={client}>
      <LiveContext value={live}>
        <Loaded />
      </LiveContext>
    </Provider>
  );
}

function Loaded() {
  const [{ data, error }, again] = useQuery({ query: FRAME });
  const { path } = usePlace();
  const problem = problemOf(error);
  if (!data) {
    if (!problem) return <Skeleton />;
    return (
      <main className="sign-in">
        <h1>Hookline</h1>
        <Trouble problem={problem} retry={() => again({ requestPolicy: "network-only" })} />
      </main>
    );
  }
  return (
    <FrameContext value={data}>
      <Frame>
        <Boundary key={path}>
          <Suspense fallback={<Skeleton />}>
            <Page />
          </Suspense>
        </Boundary>
      </Frame>
    </FrameContext>
  );
}
