import { useState } from "react";
import { Tab, TabList, TabPanel, Tabs } from "react-aria-components";
import { useQuery } from "urql";
import { problemOf } from "../api/problems";
import { useMay } from "../frame/viewer";
import type { SyncSetRowFragment } from "../gql/graphql";
import { moveRow, useKeys } from "../ui/keys";
import { Link } from "../ui/Link";
import { go, usePlace, withSearch } from "../ui/location";
import { NeedsScope } from "../ui/NeedsScope";
import { visible } from "../ui/times";
import { Title } from "../ui/Title";
import { Skeleton, Trouble } from "../ui/Trouble";
import { When } from "../ui/When";
import { ONE_SET } from "./documents";
import { DriftTab } from "./DriftTab";
import { Followed } from "./Followed";
import { HistoryTab } from "./HistoryTab";
import { News } from "./News";
import { DriftCount } from "./SetsPage";
import { useReadLooks } from "./useReadLooks";
import { useReadSoon } from "./useReadSoon";
import { originOf } from "./values";

/** One set: what was applied last, what was changed by hand since, and all revisions. */
export default function SetPage({ name }: { name: string }) {
  return useMay()("webhooks:read") ? <OneSet name={name} /> : <NeedsScope title="Sync" scope="webhooks:read" />;
}

function OneSet({ name }: { name: string }) {
  const { search } = usePlace();
  const hasCursor = useMay()("deliveries:read");
  const [{ data, error }, again] = useQuery({ query: ONE_SET, variables: { name, hasCursor } });
  // Each reading has a number; the tabs read again with it.
  const [round, setRound] = useState(0);
  const read = () => {
    again({ requestPolicy: "network-only" });
    setRound((count) => count + 1);
  };
  const { start, soon } = useReadSoon(read, data && (data.liveCursor ?? null));
  useReadLooks(() => again({ requestPolicy: "network-only" }), data?.syncSources?.nodes);
  useKeys({ j: () => moveRow(1), k: () => moveRow(-1) });
  const problem = problemOf(error);
  const set = data?.syncSet;
  return (
    <main id="main">
      {problem && <Trouble problem={problem} retry={read} />}
      {!data && !problem && <Skeleton />}
      {data && !problem && !set && <Title>No file of the set {visible(name)} was applied</Title>}
      {set && (
        <>
          <Head set={set} />
          <Followed sources={(data.syncSources?.nodes ?? []).filter((source) => source.set === set.name)} />
          <Tabs
            selectedKey={search.get("tab") ?? "history"}
            onSelectionChange={(tab) => go(withSearch({ tab: String(tab), after: null, before: null, revision: null, rollback: null }))}
          >
            <TabList className="tabs" aria-label="Set">
              <Tab id="history">History</Tab>
              <Tab id="drift">Drift</Tab>
            </TabList>
            <TabPanel id="history" className="panel">
              <HistoryTab set={set.name} round={round} />
            </TabPanel>
            <TabPanel id="drift" className="panel">
              <DriftTab set={set.name} round={round} />
            </TabPanel>
          </Tabs>
          <News after={start} set={set.name} onNews={soon} />
        </>
      )}
    </main>
  );
}

function Head({ set }: { set: SyncSetRowFragment }) {
  return (
    <>
      <div className="head">
        <Link to="/sync">Sync</Link>
        <span className="faint">/</span>
        <Title>{visible(set.name)}</Title>
      </div>
      <dl className="figures">
        <div>
          <dt>Revision</dt>
          <dd>{set.revision?.number ?? <span className="faint">none</span>}</dd>
        </div>
        <div>
          <dt>Commit</dt>
          <dd>{set.commit ? <code>{visible(set.commit)}</code> : <span className="faint">not given</span>}</dd>
        </div>
        <div>
          <dt>Last applied</dt>
          <dd>
            <When at={set.lastAppliedAt} />
          </dd>
        </div>
        {set.source && (
          <div>
            <dt>From</dt>
            <dd>{originOf(set.source)}</dd>
          </div>
        )}
        <div>
          <dt>Webhooks in the file</dt>
          <dd>{set.webhookCount}</dd>
        </div>
        <div>
          <dt>Changed by hand</dt>
          <dd>
            <DriftCount count={set.driftCount} />
          </dd>
        </div>
      </dl>
    </>
  );
}
