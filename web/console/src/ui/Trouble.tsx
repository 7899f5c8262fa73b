import { Button } from "react-aria-components";
import { useEffect } from "react";
import type { Problem } from "../api/problems";
import { Icon } from "./icons";

const AGAIN_MILLISECONDS = 3_000;

/** What went wrong, in the server's words, and a way on. What was loaded before may stand below it. */
export function Trouble({ problem, retry }: { problem: Problem; retry: () => void }) {
  useEffect(() => {
    if (problem.kind !== "away") return;
    const timer = setInterval(retry, AGAIN_MILLISECONDS);
    return () => clearInterval(timer);
  });
  return (
    <div className="trouble" role="alert">
      <Icon name="alert" />
      <p>
        {problem.message}
        {problem.requestId && (
          <>
            {" "}
            Request <code>{problem.requestId}</code>
          </>
        )}
      </p>
      <Button className="button" onPress={retry}>
        Try again
      </Button>
    </div>
  );
}

/** Refusals of a mutation, as the server words them. */
export function Refusals({ words }: { words: readonly string[] }) {
  if (!words.length) return null;
  return (
    <div className="trouble" role="alert">
      <Icon name="alert" />
      <div>
        {words.map((text) => (
          <p key={text}>{text}</p>
        ))}
      </div>
    </div>
  );
}

/** Grey bars where a list will be. */
export function Skeleton({ rows = 6 }: { rows?: number }) {
  return (
    <div className="skeleton" role="status" aria-label="Loading">
      {Array.from({ length: rows }, (_, row) => (
        <div key={row} />
      ))}
    </div>
  );
}
