import { useState } from "react";
import { useLive } from "../api/useLive";
import type { SyncEventsSubscription } from "../gql/graphql";
import { Link } from "../ui/Link";
import { Status } from "../ui/Status";
import { visible } from "../ui/times";
import { When } from "../ui/When";
import { SYNC_EVENTS } from "./documents";
import { countsOf, setPath } from "./values";

type Event = SyncEventsSubscription["syncEvents"];

const MOST = 20;
const WORDS = {
  APPLIED: ["Applied", "good", "check"],
  BLOCKED: ["Blocked", "warn", "alert"],
  FAILED: ["Failed", "bad", "alert"],
  DRIFT: ["Changed by hand", "warn", "alert"],
  SOURCE_DEGRADED: ["Source degraded", "bad", "alert"],
  SOURCE_RECOVERED: ["Source recovered", "good", "check"],
} as const;

interface Props {
  /** The cursor of the page's first answer; undefined before it. */
  after: string | null | undefined;
  /** Of this set alone, and of sources whose set is not known. */
  set?: string;
  /** Called with each event, and after a gap. */
  onNews: () => void;
}

/** What happens to sets while the page is open, the newest first. */
export function News({ after, set, onNews }: Props) {
  const [events, setEvents] = useState<readonly Event[]>([]);
  useLive<Event>(SYNC_EVENTS, {
    after,
    onNode: (event) => {
      if (set && event.set && event.set !== set) return;
      setEvents((known) => [event, ...known].slice(0, MOST));
      onNews();
    },
    onGap: onNews,
  });
  return (
    <section className="news" aria-labelledby="news" hidden={events.length === 0}>
      <h2 id="news">Since this page was opened</h2>
      <ul className="plain-list" aria-live="polite">
        {events.map((event) => (
          <li key={event.cursor}>
            <Line event={event} isOfOneSet={set !== undefined} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Line({ event, isOfOneSet }: { event: Event; isOfOneSet: boolean }) {
  if (!event.kind) return null;
  const [text, tone, icon] = WORDS[event.kind];
  const place = event.file && `${event.file}${event.line ? `:${event.line}` : ""}`;
  return (
    <>
      <Status tone={tone} icon={icon}>
        {text}
      </Status>
      <When at={event.at} />
      {!isOfOneSet && event.set && <Link to={setPath(event.set)}>{visible(event.set)}</Link>}
      <span>
        {event.revision && <Revision {...event.revision} />}
        {event.message && visible(event.message)} {place && <code>{visible(place)}</code>}
      </span>
    </>
  );
}

function Revision(revision: NonNullable<Event["revision"]>) {
  return (
    <>
      revision {revision.number}
      {revision.restores && ` (back to ${revision.restores})`}: {countsOf(revision) || "policy or ownership alone"}
    </>
  );
}
