import { useEffect, useState } from "react";
import { connection } from "../api/live";
import { Status } from "../ui/Status";
import { useStore } from "../store";

/** Whether what is shown is live, as icon and word. */
export function ConnectionState() {
  const { state, until, since } = useStore(connection);
  const [, tick] = useState(0);
  useEffect(() => {
    if (state !== "waiting") return;
    const timer = setInterval(() => tick((count) => count + 1), 500);
    return () => clearInterval(timer);
  }, [state]);
  const time = since ? new Date(since).toLocaleTimeString() : null;
  return (
    <span role="status" className="connection">
      {state === "live" && (
        <Status tone="good" icon="dot">
          Live
        </Status>
      )}
      {state === "connecting" && (
        <Status tone="calm" icon="ring">
          Connecting
        </Status>
      )}
      {state === "waiting" && (
        <Status tone="warn" icon="retry" title={time ? `Shown is what was known at ${time}` : undefined}>
          {navigator.onLine ? `Reconnecting in ${Math.max(0, Math.ceil(((until ?? 0) - Date.now()) / 1_000))} s` : `Offline: showing ${time ?? "nothing yet"}`}
        </Status>
      )}
      {state === "off" && (
        <Status tone="calm" icon="ring">
          Not live
        </Status>
      )}
    </span>
  );
}
