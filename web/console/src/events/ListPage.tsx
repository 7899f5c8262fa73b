import { useState } from "react";
import { Button } from "react-aria-components";
import { useQuery } from "urql";
import { problemOf } from "../api/problems";
import { environment } from "../frame/environment";
import { useMay } from "../frame/viewer";
import { moveRow, useKeys } from "../ui/keys";
import { Link } from "../ui/Link";
import { usePlace } from "../ui/location";
import { Pages } from "../ui/Pages";
import { SearchBox } from "../ui/SearchBox";
import { visible } from "../ui/times";
import { Skeleton, Trouble } from "../ui/Trouble";
import { When } from "../ui/When";
import { useStore } from "../store";
import { EVENT_LIST } from "./documents";
import { PublishDialog } from "./PublishDialog";
import { Title } from "../ui/Title";

const PAGE_SIZE = 50;

/** Published events, newest first. */
export default function EventsPage() {
  const { search } = usePlace();
  const chosen = useStore(environment);
  const may = useMay();
  const [isPublishing, setPublishing] = useState(false);
  const type = search.get("type");
  const before = search.get("before");
  const variables = {
    filter: { type, environment: chosen },
    ...(before ? { last: PAGE_SIZE, before } : { first: PAGE_SIZE, after: search.get("after") }),
  };
  const [{ data, error }, again] = useQuery({ query: EVENT_LIST, variables });
  const read = () => again({ requestPolicy: "network-only" });
  useKeys({
    j: () => moveRow(1),
    k: () => moveRow(-1),
    "/": () => document.querySelector<HTMLElement>("[type=search]")?.focus(),
  });
  const problem = problemOf(error);
  const list = data?.events;
  return (
    <main id="main">
      <div className="head">
        <Title>Events</Title>
        {list && <span className="faint">{list.totalCountExact ? list.totalCount : `more than ${list.totalCount}`}</span>}
        <span className="push" />
        <Button className="button primary" isDisabled={!may("events:publish")} onPress={() => setPublishing(true)}>
          Publish an event
        </Button>
      </div>
      <div className="filters" role="search" aria-label="Events">
        <SearchBox name="type" label="Exact type, such as order.order.create" />
      </div>
      {problem && <Trouble problem={problem} retry={read} />}
      {!list && !problem && <Skeleton />}
      {list?.nodes.length === 0 && (
        <p className="empty">{type || chosen ? "No event matches these filters. The environment above is one of them." : "Nothing was published yet."}</p>
      )}
      {list && list.nodes.length > 0 && (
        <div className="scroller" role="region" aria-label="Events, table" tabIndex={0}>
          <table>
            <thead>
              <tr>
                <th scope="col">Received</th>
                <th scope="col">Type</th>
                <th scope="col">Environment</th>
                <th scope="col">Idempotency key</th>
              </tr>
            </thead>
            <tbody>
              {list.nodes.map((event) => (
                <tr key={event.id} data-row={event.id}>
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
              ))}
            </tbody>
          </table>
        </div>
      )}
      {list && <Pages info={list.pageInfo} />}
      {isPublishing && <PublishDialog close={() => setPublishing(false)} onPublished={read} />}
    </main>
  );
}
