import { Button } from "react-aria-components";
import { useQuery } from "urql";
import { problemOf } from "../api/problems";
import { useFrame, useMay } from "../frame/viewer";
import type { SyncSetRowFragment } from "../gql/graphql";
import { moveRow, useKeys } from "../ui/keys";
import { Link } from "../ui/Link";
import { go, usePlace, withSearch } from "../ui/location";
import { NeedsScope } from "../ui/NeedsScope";
import { Pages } from "../ui/Pages";
import { countOf, usePaging } from "../ui/paging";
import { Status } from "../ui/Status";
import { Table } from "../ui/Table";
import { visible } from "../ui/times";
import { Title } from "../ui/Title";
import { Skeleton, Trouble } from "../ui/Trouble";
import { When } from "../ui/When";
import { SYNC_SETS } from "./documents";
import { Followed } from "./Followed";
import { News } from "./News";
import { PlanDrawer } from "./PlanDrawer";
import { useReadLooks } from "./useReadLooks";
import { useReadSoon } from "./useReadSoon";
import { originOf, setPath, shortCommit } from "./values";

const COLUMNS = ["Set", "Revision", "Commit", "Last applied", "Webhooks", "Drift"];

/** The sets of webhooks that files own, and whether they still are what was applied. */
export default function SetsPage() {
  return useMay()("webhooks:read") ? <Sets /> : <NeedsScope title="Sync" scope="webhooks:read" />;
}

function Sets() {
  const hasCursor = useMay()("deliveries:read");
  const { viewer } = useFrame();
  const { search } = usePlace();
  // A pipeline's token may be bound to sets: sync:plan:team-a.
  const mayPlan = hasCursor && viewer.scopes.some((scope) => /^sync:plan(:|$)/.test(scope));
  const [{ data, error, stale }, again] = useQuery({ query: SYNC_SETS, variables: { ...usePaging(), hasCursor } });
  const read = () => again({ requestPolicy: "network-only" });
  const { start, soon } = useReadSoon(read, data && (data.liveCursor ?? null));
  useReadLooks(read, data?.syncSources?.nodes);
  useKeys({ j: () => moveRow(1), k: () => moveRow(-1) });
  const problem = problemOf(error);
  const list = data?.syncSets;
  return (
    <main id="main" aria-busy={stale}>
      <div className="head">
        <Title>Sync</Title>
        {list && <span className="faint">{countOf(list)}</span>}
        <span className="push" />
        {!mayPlan && <span className="faint">Planning needs the scope sync:plan.</span>}
        <Button className="button" isDisabled={!mayPlan} onPress={() => go(withSearch({ plan: "1" }))}>
          Plan a file
        </Button>
      </div>
      {problem && <Trouble problem={problem} retry={read} />}
      {!list && !problem && <Skeleton />}
      {list?.nodes.length === 0 && (
        <p className="empty">
          No webhooks file was applied yet. <code>hookline sync apply</code> does it: write what you want into <code>config/webhooks.yaml</code> first.
        </p>
      )}
      {list && list.nodes.length > 0 && (
        <Table label="Sets" columns={COLUMNS}>
          {list.nodes.map((one) => (
            <SetRow key={one.name} set={one} />
          ))}
        </Table>
      )}
      {list && <Pages info={list.pageInfo} />}
      {data?.syncSources && <Followed sources={data.syncSources.nodes} />}
      <News after={start} onNews={soon} />
      {mayPlan && search.has("plan") && <PlanDrawer close={() => go(withSearch({ plan: null }), { isReplaced: true })} />}
    </main>
  );
}

function SetRow({ set }: { set: SyncSetRowFragment }) {
  const { revision, commit } = set;
  return (
    <tr data-row={set.name}>
      <td className="name">
        <Link to={setPath(set.name)} data-open="">
          {visible(set.name)}
        </Link>
      </td>
      <td className="plain">
        {revision ? revision.number : <span className="faint">none</span>}
        {revision && <span className="under">{visible(revision.actor.name)}</span>}
      </td>
      <td className="plain">{commit ? <code title={visible(commit)}>{shortCommit(commit)}</code> : <span className="faint">not given</span>}</td>
      <td className="plain">
        <When at={set.lastAppliedAt} />
        {set.source && <span className="under">{originOf(set.source)}</span>}
      </td>
      <td className="figure">{set.webhookCount}</td>
      <td>
        <DriftCount count={set.driftCount} />
      </td>
    </tr>
  );
}

/** How many webhooks of a set were changed by hand. */
export function DriftCount({ count }: { count: number }) {
  if (!count) return <Status tone="good" icon="check">None</Status>;
  return <Status tone="warn" icon="alert">{count === 1 ? "1 webhook" : `${count} webhooks`}</Status>;
}
