import { useEffect, useState } from "react";
import { Button } from "react-aria-components";
import { useClient } from "urql";
import { Link } from "../../ui/Link";
import { Status } from "../../ui/Status";
import { visible } from "../../ui/times";
import { When } from "../../ui/When";
import { dryRun, type Tried } from "./useDryRun";
import type { RecentEvent } from "./useTrial";

const MOST_EVENTS = 10;

interface Props {
  id: string;
  changes: Record<string, unknown>;
  tried: Tried | null;
  events: readonly RecentEvent[];
  eventId: string;
}

interface Outcome {
  event: RecentEvent;
  tried: Tried;
}

/** What the form as it is says of one event as it is typed, and of the newest ones when asked, each with why not. */
export function FilterTrial({ id, changes, tried, events, eventId }: Props) {
  const client = useClient();
  const [outcomes, setOutcomes] = useState<Outcome[] | null>(null);
  const [isBusy, setBusy] = useState(false);
  // Another text of the form is another one of these: an answer for the last one is of no use.
  const [life] = useState({ isOver: false });
  useEffect(() => {
    life.isOver = false;
    return () => {
      life.isOver = true;
    };
  }, [life]);
  const ask = async () => {
    if (isBusy) return;
    setBusy(true);
    const found = await Promise.all(events.slice(0, MOST_EVENTS).map(async (event) => ({ event, tried: await dryRun(client, id, changes, event.id) })));
    if (life.isOver) return;
    setBusy(false);
    setOutcomes(found);
  };
  return (
    <>
      <div className="verdict" role="status">
        <span>{eventId ? "The event chosen below" : "A sample event"}: this webhook</span> {tried ? <Verdict tried={tried} /> : <span className="faint">asking…</span>}
      </div>
      {events.length > 0 && (
        <Button className="button" onPress={() => void ask()}>
          {isBusy ? "Trying…" : "Try it with the latest events"}
        </Button>
      )}
      {outcomes && (
        <div className="scroller">
          <table aria-label="Latest events">
            <thead>
              <tr>
                <th scope="col">Event</th>
                <th scope="col">Published</th>
                <th scope="col">This webhook</th>
              </tr>
            </thead>
            <tbody>
              {outcomes.map(({ event, tried }) => (
                <tr key={event.id}>
                  <td>
                    <Link to={`/events/${event.id}`}>{visible(event.type)}</Link>
                    <span className="under">{event.environment}</span>
                  </td>
                  <td className="plain">
                    <When at={event.receivedAt} />
                  </td>
                  <td>
                    <Verdict tried={tried} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  );
}

function Verdict({ tried: { answer, fields, rest } }: { tried: Tried }) {
  if (answer.matches) return (
    <Status tone="good" icon="check">
      would get it
    </Status>
  );
  return (
    <>
      <Status tone="warn" icon="cross">
        {answer.matches === false ? "would not" : "can't tell"}
      </Status>
      {[...new Set([...answer.reasons, ...Object.values(fields), ...rest])].map((words) => (
        <span className="under" key={words}>
          {visible(words)}
        </span>
      ))}
    </>
  );
}
