import { useEffect, useState } from "react";
import { Button } from "react-aria-components";
import { useClient } from "urql";
import { Editor } from "../../ui/Editor";
import { Link } from "../../ui/Link";
import { Status } from "../../ui/Status";
import { visible } from "../../ui/times";
import { When } from "../../ui/When";
import { FilterRows } from "./FilterRows";
import type { RecentEvent } from "./Template";
import { dryRun, type Tried } from "./useDryRun";
import type { Part } from "./useWebhookForm";

interface Props extends Part {
  id: string;
  changes: Record<string, unknown>;
  tried: Tried | null;
  events: readonly RecentEvent[];
}

/** The filter as rows and as JSON. */
export function Filter({ form, set, fields, isDisabled, id, changes, tried, events }: Props) {
  return (
    <>
      <FilterRows text={form.filter} setText={(filter) => set({ filter })} isDisabled={isDisabled} />
      <Editor
        label="Filter"
        language="json"
        value={form.filter}
        onChange={(filter) => set({ filter })}
        error={fields.filter ?? tried?.fields.filter}
        help='Conditions on the event, all of which must hold: {"data.total": {"gte": 100}}. Empty: none.'
        isDisabled={isDisabled}
      />
      {events.length > 0 && <Recent key={JSON.stringify(changes)} id={id} changes={changes} events={events.slice(0, 10)} />}
    </>
  );
}

interface Outcome {
  event: RecentEvent;
  tried: Tried;
}

/** The newest events, each with whether the form as it is would let it through, and why not. */
function Recent({ id, changes, events }: { id: string; changes: Record<string, unknown>; events: readonly RecentEvent[] }) {
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
    const found = await Promise.all(events.map(async (event) => ({ event, tried: await dryRun(client, id, changes, event.id) })));
    if (life.isOver) return;
    setBusy(false);
    setOutcomes(found);
  };
  return (
    <>
      <div className="buttons">
        <Button className="button" onPress={() => void ask()}>
          {isBusy ? "Trying…" : "Try it with the latest events"}
        </Button>
      </div>
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
      {[...answer.reasons, ...Object.values(fields), ...rest].map((words) => (
        <span className="under" key={words}>
          {visible(words)}
        </span>
      ))}
    </>
  );
}
