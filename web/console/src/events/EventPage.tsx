import { useRef } from "react";
import { useQuery } from "urql";
import { problemOf } from "../api/problems";
import { useLive } from "../api/useLive";
import { AttemptDrawer } from "../activity/AttemptDrawer";
import { AttemptOutcome } from "../activity/AttemptOutcome";
import { ATTEMPTS_LIVE } from "../activity/documents";
import { useRetryDelivery } from "../activity/useRetryDelivery";
import { useMay } from "../frame/viewer";
import type { OneEventQuery, AttemptRowFragment } from "../gql/graphql";
import { Copy } from "../ui/Copy";
import { Link } from "../ui/Link";
import { go, usePlace, withSearch } from "../ui/location";
import { Payload } from "../ui/Payload";
import { Status, type Tone } from "../ui/Status";
import type { IconName } from "../ui/icons";
import { visible } from "../ui/times";
import { Skeleton, Trouble } from "../ui/Trouble";
import { When } from "../ui/When";
import { EVENT } from "./documents";
import { Missing } from "./Missing";
import { Title } from "../ui/Title";

type Event = Extract<OneEventQuery["node"], { __typename: "Event" }>;

const DELIVERY: Record<string, [Tone, IconName, string]> = {
  PENDING: ["calm", "clock", "Pending"],
  HELD: ["warn", "pause", "Held: the webhook is off"],
  IN_PROGRESS: ["calm", "ring", "Being sent"],
  SUCCEEDED: ["good", "check", "Succeeded"],
  FAILED: ["bad", "cross", "Failed"],
  CANCELLED: ["calm", "cross", "Cancelled"],
};

/** One event: its data, and the webhooks that it went to. */
export default function EventPage({ id }: { id: string }) {
  const may = useMay();
  const { search } = usePlace();
  const opened = search.get("attempt");
  const { retry, words } = useRetryDelivery();
  const [{ data, error }, again] = useQuery({ query: EVENT, variables: { id, hasWebhooks: may("webhooks:read") } });
  const read = () => again({ requestPolicy: "network-only" });
  const problem = problemOf(error);
  const event = data?.node?.__typename === "Event" ? (data.node as Event) : null;
  // From the first answer on: nothing falls between it and the subscription.
  const start = useRef<string | null | undefined>(undefined);
  start.current ??= event ? data?.liveCursor : undefined;
  useLive<AttemptRowFragment>(ATTEMPTS_LIVE, {
    after: start.current,
    variables: { filter: { eventId: id }, hasWebhooks: false },
    onNode: read,
    onGap: read,
  });
  return (
    <main id="main">
      {problem && <Trouble problem={problem} retry={read} />}
      {!data && !problem && <Skeleton />}
      {data && !event && <Title>There is no event {id}, or not any more</Title>}
      {event && (
        <>
          <div className="head">
            <Link to="/events">Events</Link>
            <span className="faint">/</span>
            <Title>{visible(event.type)}</Title>
          </div>
          <dl className="facts">
            <dt>ID</dt>
            <dd>
              <code>{event.id}</code> <Copy text={event.id} label="event id" />
            </dd>
            <dt>Environment</dt>
            <dd>{event.environment}</dd>
            <dt>Occurred</dt>
            <dd>
              <When at={event.occurredAt} />, received <When at={event.receivedAt} />
            </dd>
            {event.idempotencyKey && (
              <>
                <dt>Idempotency key</dt>
                <dd>
                  <code>{visible(event.idempotencyKey)}</code>
                </dd>
              </>
            )}
          </dl>
          <h2>Webhooks that it went to</h2>
          <Deliveries event={event} attempts={data?.attempts?.nodes ?? []} />
          {may("webhooks:read") && <Missing id={id} />}
          <h2>Data</h2>
          {opened && <AttemptDrawer id={opened} retry={retry} words={words} close={() => go(withSearch({ attempt: null }))} />}
          <Payload text={event.data === null || event.data === undefined ? null : JSON.stringify(event.data, null, 2)} missing="The data is not kept any more." label="Data of the event" />
        </>
      )}
    </main>
  );
}

interface DeliveriesProps {
  event: Event;
  /** Newest first. */
  attempts: readonly AttemptRowFragment[];
}

function Deliveries({ event, attempts }: DeliveriesProps) {
  const found = event.deliveries?.nodes ?? [];
  if (!found.length) return <p className="empty">No webhook matched it when it was published.</p>;
  return (
    <div className="scroller" role="region" aria-label="Deliveries, table" tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">Webhook</th>
            <th scope="col">Status</th>
            <th scope="col">Latest attempt</th>
            <th scope="col">Attempts</th>
            <th scope="col">Next try</th>
            <th scope="col">Delivery</th>
          </tr>
        </thead>
        <tbody>
          {found.map((one) => {
            const latest = attempts.find((attempt) => attempt.delivery.id === one.id);
            const [tone, icon, word] = DELIVERY[one.status] ?? ["calm", "question", one.status];
            return (
              <tr key={one.id}>
                <td className="name">{one.webhook && <Link to={`/webhooks/${one.webhook.id}`}>{visible(one.webhook.name)}</Link>}</td>
                <td>
                  <Status tone={tone} icon={icon}>
                    {word}
                  </Status>
                </td>
                <td className="name">
                  {latest && (
                    <Link to={withSearch({ attempt: latest.id })}>
                      <AttemptOutcome attempt={latest} />
                    </Link>
                  )}
                  {latest?.errorMessage && <span className="under">{visible(latest.errorMessage)}</span>}
                </td>
                <td className="figure">
                  <Link to={`/activity?object=${one.id}`} aria-label={`${one.attemptCount} ${one.attemptCount === 1 ? "attempt" : "attempts"}`}>
                    {one.attemptCount}
                  </Link>
                </td>
                <td className="plain">{one.nextAttemptAt && <When at={one.nextAttemptAt} />}</td>
                <td>
                  <code>{one.id}</code>
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
