import { useRef } from "react";
import { useQuery } from "urql";
import { problemOf } from "../api/problems";
import { useLive } from "../api/useLive";
import { environment } from "../frame/environment";
import { useFrame, useMay } from "../frame/viewer";
import type { NotificationKind, NotificationListQuery } from "../gql/graphql";
import { useStore } from "../store";
import { moveRow, useKeys } from "../ui/keys";
import { Link } from "../ui/Link";
import { go, usePlace, withSearch } from "../ui/location";
import { NeedsScope } from "../ui/NeedsScope";
import { Pages } from "../ui/Pages";
import { countOf, usePaging } from "../ui/paging";
import { SearchBox } from "../ui/SearchBox";
import { Select } from "../ui/Select";
import { Table } from "../ui/Table";
import { TimeRange, useTimeRange } from "../ui/TimeRange";
import { visible } from "../ui/times";
import { Title } from "../ui/Title";
import { Skeleton, Trouble } from "../ui/Trouble";
import { When } from "../ui/When";
import { NOTIFICATION_LIST, NOTIFICATION_LIVE } from "./documents";
import { EmailReceipts, KINDS } from "./EmailReceipts";
import { useMails } from "./useMails";

type Row = NonNullable<NotificationListQuery["notifications"]>["nodes"][number];

const COLUMNS = ["When", "Kind", "About", "Says", "Mails"];
const BURST_MILLISECONDS = 300;
const CHOICES = [["", "Any kind"], ...Object.entries(KINDS)] as [string, string][];

/** What people were notified of, newest first, and what became of the mails. */
export default function NotificationsPage() {
  return useMay()("deliveries:read") ? <Notifications /> : <NeedsScope title="Notifications" scope="deliveries:read" />;
}

function useFilter() {
  const { search } = usePlace();
  const range = useTimeRange();
  const kind = search.get("kind");
  return {
    kind: kind ? [kind as NotificationKind] : null,
    webhookId: search.get("webhook"),
    set: search.get("set"),
    environment: useStore(environment),
    ...range,
  };
}

function Notifications() {
  const { server } = useFrame();
  const hasWebhooks = useMay()("webhooks:read");
  const filter = useFilter();
  const [{ data, error, stale }, again] = useQuery({ query: NOTIFICATION_LIST, variables: { filter, hasWebhooks, ...usePaging() } });
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const start = useRef<string | null | undefined>(undefined);
  start.current ??= data?.liveCursor;
  const read = () => again({ requestPolicy: "network-only" });
  const readSoon = () => {
    clearTimeout(timer.current);
    timer.current = setTimeout(read, BURST_MILLISECONDS);
  };
  useLive(NOTIFICATION_LIVE, { after: start.current, onNode: readSoon, onGap: readSoon });
  useKeys({
    j: () => moveRow(1),
    k: () => moveRow(-1),
    "/": () => document.querySelector<HTMLElement>("[type=search]")?.focus(),
  });
  const problem = problemOf(error);
  const list = data?.notifications;
  useMails(list?.nodes ?? [], read);
  const isFiltered = Object.values(filter).some(Boolean);
  return (
    <main id="main" aria-busy={stale}>
      <div className="head">
        <Title>Notifications</Title>
        {list && <span className="faint">{countOf(list)}</span>}
      </div>
      <Filters />
      {!server.hasMailServer && <p className="faint">This server has no mail server: each mail is written as a file into its outbox folder.</p>}
      {problem && <Trouble problem={problem} retry={read} />}
      {!list && !problem && <Skeleton />}
      {list?.nodes.length === 0 && <Empty isFiltered={isFiltered} />}
      {list && list.nodes.length > 0 && (
        <Table label="Notifications" columns={COLUMNS}>
          {list.nodes.map((one) => (
            <NotificationRow key={one.id} one={one} />
          ))}
        </Table>
      )}
      {list && <Pages info={list.pageInfo} />}
    </main>
  );
}

function Filters() {
  const { search } = usePlace();
  return (
    <div className="filters" role="search" aria-label="Notifications">
      <Select
        label="Kind"
        value={search.get("kind") ?? ""}
        onChange={(kind) => go(withSearch({ kind, after: null, before: null }), { isReplaced: true })}
        options={CHOICES}
      />
      <SearchBox name="webhook" label="ID of a webhook, wh_…" />
      <SearchBox name="set" label="Exact name of a set" />
      <TimeRange />
    </div>
  );
}

function Empty({ isFiltered }: { isFiltered: boolean }) {
  if (isFiltered) return <p className="empty">No notification matches these filters. The environment above is one of them.</p>;
  return <p className="empty">Nobody was notified of anything yet. The Email Notification tab of a webhook says who is, and about what.</p>;
}

function NotificationRow({ one }: { one: Row }) {
  return (
    <tr data-row={one.id}>
      <td className="plain">
        <When at={one.createdAt} />
      </td>
      <td className="plain">{KINDS[one.kind]}</td>
      <td className="name">
        <About one={one} />
      </td>
      <td className="changes">{visible(one.message)}</td>
      <td className="name">
        <EmailReceipts emails={one.emails} />
      </td>
    </tr>
  );
}

function About({ one }: { one: Row }) {
  if (one.webhook) {
    return (
      <>
        <Link to={`/webhooks/${one.webhook.id}?tab=email`} data-open="">
          {visible(one.webhook.name)}
        </Link>
        {one.webhook.deletedAt && <span className="under">deleted</span>}
      </>
    );
  }
  if (!one.set) return null;
  return (
    <>
      <Link to={`/webhooks?set=${encodeURIComponent(one.set)}`} data-open="">
        {visible(one.set)}
      </Link>
      <span className="under">{one.revision ? `set, at revision ${one.revision}` : "set, before its first revision"}</span>
    </>
  );
}
