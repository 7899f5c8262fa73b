import { useState } from "react";
import { Button } from "react-aria-components";
import { ofFilter } from "../api/problems";
import { environment } from "../frame/environment";
import { useMay } from "../frame/viewer";
import type { EventFilter, EventRowFragment } from "../gql/graphql";
import { moveRow, useKeys } from "../ui/keys";
import { Link } from "../ui/Link";
import { usePlace } from "../ui/location";
import { NeedsScope } from "../ui/NeedsScope";
import { Pages } from "../ui/Pages";
import { countOf } from "../ui/paging";
import { SearchBox } from "../ui/SearchBox";
import { Table } from "../ui/Table";
import { TimeRange, useTimeRange } from "../ui/TimeRange";
import { visible } from "../ui/times";
import { Title } from "../ui/Title";
import { Skeleton, Trouble } from "../ui/Trouble";
import { When } from "../ui/When";
import { useStore } from "../store";
import { PublishDialog } from "./PublishDialog";
import { useEvents } from "./useEvents";
import { ScopedButton } from "../ui/ScopedButton";

const COLUMNS = ["Received", "Type", "Environment", "Idempotency key"];

/** Published events, newest first, as they come. */
export default function EventsPage() {
  const may = useMay();
  if (may("deliveries:read")) return <Events />;
  return may("events:publish") ? <PublishOnly /> : <NeedsScope title="Events" scope="deliveries:read" />;
}

function useFilter(): EventFilter {
  const { search } = usePlace();
  const wanted = search.get("type");
  const isPattern = wanted?.includes("*");
  return { type: isPattern ? null : wanted, pattern: isPattern ? wanted : null, environment: useStore(environment), ...useTimeRange() };
}

function Events() {
  const [isPublishing, setPublishing] = useState(false);
  const [isPaused, setPaused] = useState(false);
  const filter = useFilter();
  const { rows, list, problem: found, stale, read, isFollowing, isSample } = useEvents(filter, isPaused);
  useKeys({
    j: () => moveRow(1),
    k: () => moveRow(-1),
    "/": () => document.querySelector<HTMLElement>("main [type=search]")?.focus(),
  });
  const { words: refusedType, rest: problem } = ofFilter(found, ["type", "pattern"]);
  const isFiltered = Object.values(filter).some(Boolean);
  return (
    <main id="main" aria-busy={stale}>
      <div className="head">
        <Title>Events</Title>
        {list && rows && <span className="faint">{countOf({ ...list, totalCount: list.totalCount + rows.length - list.nodes.length })}</span>}
        <span className="push" />
        <ScopedButton scope="events:publish" className="button primary" onPress={() => setPublishing(true)}>
          Publish an event
        </ScopedButton>
      </div>
      <div className="filters" role="search" aria-label="Events">
        <SearchBox name="type" label="Type, such as order.*.create" error={refusedType} />
        <TimeRange />
        {isFollowing && (
          <Button className="button" onPress={() => setPaused(!isPaused)}>
            {isPaused ? "Go on" : "Pause"}
          </Button>
        )}
      </div>
      {problem && <Trouble problem={problem} retry={read} />}
      {isSample && <p className="faint">More events are published than can be shown as they come: this is a sample, and the list is read again every three seconds.</p>}
      {!rows && !found && <Skeleton />}
      {rows?.length === 0 && (
        <p className="empty">{isFiltered ? "No event matches these filters. The environment above is one of them." : "Nothing was published yet. What is published appears here by itself."}</p>
      )}
      {rows && rows.length > 0 && (
        <Table label="Events" columns={COLUMNS}>
          {rows.map((event) => (
            <EventRow key={event.id} event={event} />
          ))}
        </Table>
      )}
      {list && <Pages info={list.pageInfo} />}
      {isPublishing && <PublishDialog close={() => setPublishing(false)} onPublished={read} />}
    </main>
  );
}

function EventRow({ event }: { event: EventRowFragment }) {
  return (
    <tr data-row={event.id}>
      <td className="plain">
        <When at={event.receivedAt} />
      </td>
      <td className="name">
        <Link to={`/events/${event.id}`} data-open="">
          {visible(event.type)}
        </Link>
        <span className="under">
          <code>{event.id}</code>
        </span>
      </td>
      <td>{event.environment}</td>
      <td className="name">{event.idempotencyKey && <code>{visible(event.idempotencyKey)}</code>}</td>
    </tr>
  );
}

/** For a token that publishes and reads nothing. */
function PublishOnly() {
  const [isPublishing, setPublishing] = useState(false);
  return (
    <main id="main">
      <div className="head">
        <Title>Events</Title>
        <span className="push" />
        <Button className="button primary" onPress={() => setPublishing(true)}>
          Publish an event
        </Button>
      </div>
      <p className="empty">
        Published events are listed with the scope <code>deliveries:read</code>, which your token lacks.
      </p>
      {isPublishing && <PublishDialog close={() => setPublishing(false)} onPublished={() => {}} />}
    </main>
  );
}
