import { lazy, Suspense, useEffect, useMemo, useRef, useState } from "react";
import { Button } from "react-aria-components";
import { useQuery } from "urql";
import { ofFilter, problemOf } from "../api/problems";
import { useLive } from "../api/useLive";
import { environment } from "../frame/environment";
import { useMay } from "../frame/viewer";
import type { WebhookOrderField, WebhookStatus } from "../gql/graphql";
import { go, usePlace, withSearch } from "../ui/location";
import { inRow, moveRow, useKeys } from "../ui/keys";
import { Pages } from "../ui/Pages";
import { SearchBox } from "../ui/SearchBox";
import { Select } from "../ui/Select";
import { Skeleton, Trouble } from "../ui/Trouble";
import { useStore } from "../store";
import { ENDED, WEBHOOK_CHANGES, WEBHOOK_LIST } from "./documents";
import { Selected } from "./Selected";
import { WebhookTable } from "./WebhookTable";
import { Title } from "../ui/Title";
import { visible } from "../ui/times";
import { ScopedButton } from "../ui/ScopedButton";

// Few open them: they are no part of the first load.
const AddDialog = lazy(() => import("./AddDialog").then((module) => ({ default: module.AddDialog })));
const PublishDialog = lazy(() => import("../events/PublishDialog").then((module) => ({ default: module.PublishDialog })));

const PAGE_SIZE = 50;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
// Changes come in bursts, such as those of an applied file: they are read together.
const BURST_MILLISECONDS = 300;
// However many attempts end.
const FIGURES_MILLISECONDS = 3_000;
const FAILING = "FAILING";
const STATUSES = [["", "Any status"], ["ACTIVE", "Active"], ["INACTIVE", "Inactive"], ["AUTO_DISABLED", "Auto-disabled"], [FAILING, "Failing"]] as const;
const MANAGED = [["", "By hand or by a file"], ["file", "By a file"], ["hand", "By hand"]] as const;

const ORDERS: readonly [string, string][] = [
  ["NAME-ASC", "By name"],
  ["FAILURE_RATE-DESC", "Most failures first"],
  ["FAILING_SINCE-ASC", "Failing for longest first"],
  ["LAST_ATTEMPT_AT-DESC", "Latest attempt first"],
  ["MODIFIED_AT-DESC", "Latest change first"],
  ["CREATED_AT-DESC", "Newest first"],
  ["STATUS-ASC", "Disabled first"],
];

/** All webhooks, with what each did in the last 24 hours. */
export function WebhooksPage() {
  const variables = useVariables();
  const may = useMay();
  const [isAdding, setAdding] = useState(false);
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [{ data, error, stale }, again] = useQuery({ query: WEBHOOK_LIST, variables });
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const figures = useRef<ReturnType<typeof setTimeout>>(undefined);
  const readAgain = () => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => again({ requestPolicy: "network-only" }), BURST_MILLISECONDS);
  };
  const start = useRef<string | null | undefined>(undefined);
  // The first cursor: what changed after the list was read comes by the socket.
  start.current ??= data?.liveCursor;
  const readFigures = () => {
    figures.current ??= setTimeout(() => {
      figures.current = undefined;
      again({ requestPolicy: "network-only" });
    }, FIGURES_MILLISECONDS);
  };
  useEffect(
    () => () => {
      clearTimeout(timer.current);
      clearTimeout(figures.current);
    },
    [],
  );
  useLive(ENDED, { after: may("deliveries:read") ? start.current : undefined, onNode: readFigures, onGap: readFigures });
  useLive(WEBHOOK_CHANGES, { after: start.current, onNode: readAgain, onGap: readAgain });
  useKeys({
    j: () => moveRow(1),
    k: () => moveRow(-1),
    t: () => inRow("[role=switch]")?.click(),
    "/": () => document.querySelector<HTMLElement>("[type=search]")?.focus(),
  });
  const { words: refusedEvent, rest: problem } = ofFilter(problemOf(error), ["event"]);
  const list = data?.webhooks;
  const select = (ids: readonly string[], isSelected: boolean) =>
    setSelected((before) => new Set(isSelected ? [...before, ...ids] : [...before].filter((id) => !ids.includes(id))));
  // Those of this page: what is not seen is not changed.
  const chosen = list?.nodes.filter(({ id }) => selected.has(id)) ?? [];
  const filters = ["search", "status", "environment", "event", "managed", "label", "failing", "set"] as const;
  const isFiltered = filters.some((name) => variables.filter[name] !== null);
  return (
    <main id="main" aria-busy={stale}>
      <div className="head">
        <Title>Webhooks</Title>
        {list && <span className="faint">{list.totalCountExact ? list.totalCount : `more than ${list.totalCount}`}</span>}
        <span className="push" />
        <ScopedButton scope="webhooks:write" className="button primary" onPress={() => setAdding(true)}>
          Add webhook
        </ScopedButton>
      </div>
      <Filters refusedEvent={refusedEvent} />
      {problem && <Trouble problem={problem} retry={() => again({ requestPolicy: "network-only" })} />}
      {list && <Selected webhooks={chosen} clear={() => setSelected(new Set())} />}
      {list && list.nodes.length > 0 && <WebhookTable webhooks={list.nodes} selected={selected} select={select} reload={readAgain} />}
      {list && list.nodes.length === 0 && <Empty isFiltered={isFiltered} add={() => setAdding(true)} />}
      {!list && !problem && !refusedEvent && <Skeleton />}
      {list && <Pages info={list.pageInfo} />}
      {isAdding && (
        <Suspense fallback={null}>
          <AddDialog close={() => setAdding(false)} />
        </Suspense>
      )}
    </main>
  );
}

function useVariables() {
  const { search } = usePlace();
  const chosen = useStore(environment);
  const hasLog = useMay()("deliveries:read");
  const since = Math.floor((Date.now() - DAY) / HOUR + 1) * HOUR;
  const [field, direction] = (search.get("sort") ?? "NAME-ASC").split("-");
  const before = search.get("before");
  return useMemo(
    () => ({
      filter: {
        search: search.get("search"),
        status: search.get("status") && search.get("status") !== FAILING ? [search.get("status") as WebhookStatus] : null,
        failing: search.get("status") === FAILING ? true : null,
        environment: chosen,
        event: search.get("event"),
        managed: search.get("managed") ? search.get("managed") === "file" : null,
        set: search.get("set"),
        label: labelOf(search.get("label")),
      },
      orderBy: { field: field as WebhookOrderField, direction: direction === "DESC" ? ("DESC" as const) : ("ASC" as const) },
      ...(before ? { last: PAGE_SIZE, before } : { first: PAGE_SIZE, after: search.get("after") }),
      since: new Date(since).toISOString(),
      hasLog,
    }),
    [search, chosen, hasLog, since, field, direction, before],
  );
}

function Filters({ refusedEvent }: { refusedEvent: string | null }) {
  const { search } = usePlace();
  const label = search.get("label");
  const sort = search.get("sort") ?? "NAME-ASC";
  const set = (name: string) => (value: string) => go(withSearch({ [name]: value, after: null, before: null }), { isReplaced: true });
  return (
    <div className="filters" role="search" aria-label="Webhooks">
      <SearchBox label="Search name, URL, slug, label" />
      <Select label="Status" value={search.get("status") ?? ""} onChange={set("status")} options={STATUSES} />
      <Select label="Managed" value={search.get("managed") ?? ""} onChange={set("managed")} options={MANAGED} />
      <SearchBox name="event" label="Receives, such as order.order.create" error={refusedEvent} />
      <SearchBox name="label" label="Label: key=value" error={label && !labelOf(label) ? "Write the key, =, and the value: team=payments." : null} />
      {search.get("set") && (
        <Button className="button" onPress={() => set("set")("")}>
          {`Set ${visible(search.get("set") ?? "")}: show all`}
        </Button>
      )}
      <Select label="Order" value={sort} onChange={set("sort")} options={ORDERS.some(([name]) => name === sort) ? ORDERS : [...ORDERS, [sort, "By a column"]]} />
    </div>
  );
}

function labelOf(text: string | null): { key: string; value: string } | null {
  const found = /^([^=]+)=(.*)$/.exec(text ?? "");
  return found ? { key: found[1]!.trim(), value: found[2]!.trim() } : null;
}

/** A list without rows, and what to do about it. */
function Empty({ isFiltered, add }: { isFiltered: boolean; add: () => void }) {
  const [isPublishing, setPublishing] = useState(false);
  if (isFiltered) return <p className="empty">No webhook matches these filters. The environment above is one of them.</p>;
  return (
    <div className="empty">
      <p>
        There are no webhooks yet. Add one, or write a webhooks file for <code>hookline sync</code>; then publish a sample event, and see what comes.
      </p>
      <div className="buttons centred">
        <ScopedButton scope="webhooks:write" className="button" onPress={add}>
          Add the first webhook
        </ScopedButton>
        <ScopedButton scope="events:publish" className="button" onPress={() => setPublishing(true)}>
          Publish a sample event
        </ScopedButton>
      </div>
      {isPublishing && (
        <Suspense fallback={null}>
          <PublishDialog close={() => setPublishing(false)} onPublished={() => undefined} />
        </Suspense>
      )}
    </div>
  );
}
