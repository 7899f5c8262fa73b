import { useEffect } from "react";
import { useQuery } from "urql";
import { problemOf } from "../api/problems";
import type { RevisionFragment } from "../gql/graphql";
import { Link } from "../ui/Link";
import { go, usePlace, withSearch } from "../ui/location";
import { Pages } from "../ui/Pages";
import { usePaging } from "../ui/paging";
import { Table } from "../ui/Table";
import { visible } from "../ui/times";
import { Skeleton, Trouble } from "../ui/Trouble";
import { When } from "../ui/When";
import { HISTORY } from "./documents";
import { RevisionDrawer } from "./RevisionDrawer";
import { RollbackDrawer } from "./RollbackDrawer";
import { useMayRollBack } from "./useMayRollBack";
import { countsOf, shortCommit } from "./values";

const COLUMNS = ["Revision", "Applied", "Commit", "Message", "Changes", "By"];

/** The revisions of a set, newest first; each opens at the side. round: read again when it rises. */
export function HistoryTab({ set, round }: { set: string; round: number }) {
  const { search } = usePlace();
  const [{ data, error }, again] = useQuery({ query: HISTORY, variables: { set, ...usePaging() } });
  const read = () => again({ requestPolicy: "network-only" });
  useEffect(() => {
    if (round) again({ requestPolicy: "network-only" });
  }, [round, again]);
  const problem = problemOf(error);
  const list = data?.syncRevisions;
  const open = Number(search.get("revision"));
  const back = Number(search.get("rollback"));
  const mayRollBack = useMayRollBack(set);
  return (
    <>
      {problem && <Trouble problem={problem} retry={read} />}
      {!list && !problem && <Skeleton />}
      {list?.nodes.length === 0 && <p className="empty">No apply has changed anything yet.</p>}
      {list && list.nodes.length > 0 && (
        <Table label="Revisions" columns={COLUMNS}>
          {list.nodes.map((revision) => (
            <RevisionRow key={revision.id} revision={revision} />
          ))}
        </Table>
      )}
      {list && <Pages info={list.pageInfo} />}
      {isNumber(open) && (
        <RevisionDrawer key={open} set={set} number={open} close={() => go(withSearch({ revision: null }), { isReplaced: true })} />
      )}
      {isNumber(back) && mayRollBack && <RollbackDrawer key={back} set={set} number={back} close={() => go(withSearch({ rollback: null }), { isReplaced: true })} />}
    </>
  );
}

const isNumber = (given: number): boolean => given > 0 && Number.isInteger(given) && given < 2 ** 31;

function RevisionRow({ revision }: { revision: RevisionFragment }) {
  const { commit, branch, author } = revision;
  return (
    <tr data-row={revision.id}>
      <td className="name">
        <Link to={withSearch({ revision: String(revision.number) })} data-open="">
          Revision {revision.number}
        </Link>
        {revision.restores && <span className="under">back to {revision.restores}</span>}
      </td>
      <td className="plain">
        <When at={revision.appliedAt} />
      </td>
      <td className="plain">
        {commit ? <code title={visible(commit)}>{shortCommit(commit)}</code> : <span className="faint">not given</span>}
        {revision.dirty && <span className="badge">edited</span>}
        {branch && <span className="under">{visible(branch)}</span>}
      </td>
      <td className="name">{revision.message && visible(revision.message)}</td>
      <td className="plain">{countsOf(revision) || <span className="faint">{revision.policyChanges.length ? "policy alone" : "ownership alone"}</span>}</td>
      <td className="name">
        {visible(revision.actor.name)}
        {author && <span className="under">commit of {visible(author)}</span>}
      </td>
    </tr>
  );
}
