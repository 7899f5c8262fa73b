import { useRef } from "react";
import { useQuery } from "urql";
import { problemOf } from "../api/problems";
import { useLive } from "../api/useLive";
import { useMay } from "../frame/viewer";
import type { AuditRowFragment } from "../gql/graphql";
import { Link } from "../ui/Link";
import { moveRow, useKeys } from "../ui/keys";
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
import { changesOf } from "../webhooks/changes";
import { actorName } from "../webhooks/actor";
import { actionsOf, CHOICES, SOURCES, wordsOf } from "./actions";
import { AUDIT_LIST, AUDIT_LIVE } from "./documents";
import { EntryDrawer } from "./EntryDrawer";

const COLUMNS = ["When", "Action", "Object", "Before and after", "By", "From"];
const SHOWN_FIELDS = 3;
const BURST_MILLISECONDS = 300;

/** Who changed what, newest first. */
export default function AuditPage() {
  return useMay()("webhooks:audit") ? <Audit /> : <NeedsScope title="Audit log" scope="webhooks:audit" />;
}

function useFilter() {
  const { search } = usePlace();
  const range = useTimeRange();
  return { actor: search.get("actor"), subjectId: search.get("subject"), action: actionsOf(search.get("action")), ...range };
}

function Audit() {
  const { search } = usePlace();
  const hasAll = useMay()("audit:read");
  const filter = useFilter();
  const [{ data, error, stale }, again] = useQuery({ query: AUDIT_LIST, variables: { filter, ...usePaging() } });
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const read = () => again({ requestPolicy: "network-only" });
  const readSoon = () => {
    clearTimeout(timer.current);
    timer.current = setTimeout(read, BURST_MILLISECONDS);
  };
  useLive(AUDIT_LIVE, { after: null, onNode: readSoon, onGap: readSoon });
  useKeys({
    j: () => moveRow(1),
    k: () => moveRow(-1),
    "/": () => document.querySelector<HTMLElement>("[type=search]")?.focus(),
  });
  const problem = problemOf(error);
  const list = data?.auditEntries;
  const open = search.get("entry");
  const isFiltered = Boolean(filter.actor || filter.subjectId || filter.action || filter.since || filter.until);
  return (
    <main id="main" aria-busy={stale}>
      <div className="head">
        <Title>Audit log</Title>
        {list && <span className="faint">{countOf(list)}</span>}
        {!hasAll && <span className="faint">Changes of webhooks alone: the rest needs the scope audit:read.</span>}
      </div>
      <div className="filters" role="search" aria-label="Audit log">
        <SearchBox name="actor" label="Exact name of a token or set" />
        <SearchBox name="subject" label="ID of an object, such as wh_…" />
        <Select
          label="Action"
          value={search.get("action") ?? ""}
          onChange={(action) => go(withSearch({ action, after: null, before: null }), { isReplaced: true })}
          options={CHOICES}
        />
        <TimeRange />
      </div>
      {problem && <Trouble problem={problem} retry={read} />}
      {!list && !problem && <Skeleton />}
      {list?.nodes.length === 0 && <p className="empty">{isFiltered ? "No entry matches these filters." : "Nothing was changed yet."}</p>}
      {list && list.nodes.length > 0 && (
        <Table label="Audit log" columns={COLUMNS}>
          {list.nodes.map((entry) => (
            <EntryRow key={entry.id} entry={entry} />
          ))}
        </Table>
      )}
      {list && <Pages info={list.pageInfo} />}
      {open && <EntryDrawer id={open} close={() => go(withSearch({ entry: null }), { isReplaced: true })} />}
    </main>
  );
}

function EntryRow({ entry }: { entry: AuditRowFragment }) {
  const changes = changesOf(entry.before, entry.after);
  return (
    <tr data-row={entry.id}>
      <td>
        <When at={entry.at} />
      </td>
      <td className="name">
        <Link to={withSearch({ entry: entry.id })} data-open="">
          {wordsOf(entry.action)}
        </Link>
        {entry.reason && <span className="under">Reason: {visible(entry.reason)}</span>}
      </td>
      <td className="name">
        {nameOf(entry)}
        {entry.subjectId && (
          <span className="under">
            <code>{entry.subjectId}</code>
          </span>
        )}
      </td>
      <td className="changes">
        {changes.slice(0, SHOWN_FIELDS).map(({ field, before, after }) => (
          <div key={field}>
            <span className="faint">{visible(field)}</span> {before !== null && <del>{short(before)}</del>} {after !== null && <ins>{short(after)}</ins>}
          </div>
        ))}
        {changes.length > SHOWN_FIELDS && <span className="under">and {changes.length - SHOWN_FIELDS} more</span>}
      </td>
      <td className="name">{actorName(entry.actor)}</td>
      <td className="plain">{SOURCES[entry.source] ?? entry.source}</td>
    </tr>
  );
}

/** The name of the changed object: as the entry holds it, else as it is now. */
export function nameOf({ before, after, webhook }: Pick<AuditRowFragment, "before" | "after" | "webhook">): string {
  const named = [after, before].find((side) => typeof (side as { name?: unknown } | null)?.name === "string") as { name: string } | undefined;
  return visible(named?.name ?? webhook?.name ?? "");
}

// The whole values stand in the drawer.
const short = (text: string) => visible(text.length > 80 ? `${text.slice(0, 79)}…` : text);
