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
      {open > 0 && Number.isInteger(open) && open < 2 ** 31 && (
        <RevisionDrawer key={open} set={set} number={open} close={() => go(withSearch({ revision: null }), { isReplaced: true })} />
      )}
    </>
  );
}

function RevisionRow({ revision }: { revision: RevisionFragment }) {
  const { commit, branch, author } = revision;
  return (
    <tr data-row={revision.id}>
      <td className="name">
        <Link to={withSearch({ revision: String(revision.number) })} data-open="">
          Revision {revision.number}
        </Link>
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
      <td className="plain">{countsOf(revision) || <span className="faint">ownership alone</span>}</td>
      <td className="name">
        {visible(revision.actor.name)}
        {author && <span className="under">commit of {visible(author)}</span>}
      </td>
    </tr>
  );
}
