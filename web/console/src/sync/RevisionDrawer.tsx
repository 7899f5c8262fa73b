import { useState } from "react";
import { Button } from "react-aria-components";
import { useQuery } from "urql";
import { problemOf } from "../api/problems";
import type { OneRevisionQuery } from "../gql/graphql";
import { Dialog } from "../ui/Dialog";
import { go, withSearch } from "../ui/location";
import { visible } from "../ui/times";
import { Skeleton, Trouble } from "../ui/Trouble";
import { When } from "../ui/When";
import { ChangeOf } from "./ChangeOf";
import { ONE_REVISION } from "./documents";
import { PolicyChanges } from "./PolicyChanges";
import { useMayRollBack } from "./useMayRollBack";

type OneRevision = NonNullable<OneRevisionQuery["syncRevision"]>;

/** One revision: who applied what from where, and what it changed, field by field. */
export function RevisionDrawer({ set, number, close }: { set: string; number: number; close: () => void }) {
  // Ends of the pages so far; the last one is where this page begins.
  const [ends, setEnds] = useState<string[]>([]);
  const [{ data, error }, again] = useQuery({ query: ONE_REVISION, variables: { set, number, after: ends.at(-1) ?? null } });
  const mayRollBack = useMayRollBack(set);
  const problem = problemOf(error);
  const revision = data?.syncRevision;
  return (
    <Dialog title={`Revision ${number}`} isOpen setOpen={close} isDrawer>
      {problem && <Trouble problem={problem} retry={() => again({ requestPolicy: "network-only" })} />}
      {!data && !problem && <Skeleton rows={4} />}
      {data && !problem && !revision && <p>The set has no revision {number}.</p>}
      {revision && (
        <>
          <Facts revision={revision} />
          <h3>{revision.changes.totalCount === 1 ? "1 change" : `${revision.changes.totalCount} changes`}</h3>
          <PolicyChanges changes={revision.policyChanges} />
          {revision.changes.nodes.map((change, place) => (
            <ChangeOf key={`${change.slug} ${change.kind} ${place}`} change={change} />
          ))}
        </>
      )}
      <div className="buttons">
        {ends.length > 0 && (
          <Button className="button" onPress={() => setEnds(ends.slice(0, -1))}>
            Changes before
          </Button>
        )}
        {revision?.changes.pageInfo.hasNextPage && (
          <Button className="button" onPress={() => setEnds([...ends, revision.changes.pageInfo.endCursor ?? ""])}>
            Further changes
          </Button>
        )}
        {revision && (
          <Button className="button" isDisabled={!mayRollBack} onPress={() => go(withSearch({ revision: null, rollback: String(number) }), { isReplaced: true })}>
            Bring it back…
          </Button>
        )}
        <Button className="button" slot="close">
          Close
        </Button>
        {revision && !mayRollBack && <span className="faint">Bringing it back needs the scope sync:apply.</span>}
      </div>
    </Dialog>
  );
}

function Facts({ revision }: { revision: OneRevision }) {
  const { commit, branch, author, repository, message, runUrl } = revision;
  return (
    <dl className="facts">
      <dt>Applied</dt>
      <dd>
        <When at={revision.appliedAt} /> by {visible(revision.actor.name)}
      </dd>
      {revision.restores && (
        <>
          <dt>Restores</dt>
          <dd>Revision {revision.restores}</dd>
        </>
      )}
      {message && (
        <>
          <dt>Message</dt>
          <dd>{visible(message)}</dd>
        </>
      )}
      <dt>Commit</dt>
      <dd>
        {commit ? <code>{visible(commit)}</code> : "not given"} {branch && visible(branch)}
        {revision.dirty && <span className="under">The file differed from the commit.</span>}
      </dd>
      {author && (
        <>
          <dt>Author</dt>
          <dd>{visible(author)}</dd>
        </>
      )}
      {repository && (
        <>
          <dt>Repository</dt>
          <dd>{visible(repository)}</dd>
        </>
      )}
      {runUrl && (
        <>
          <dt>CI run</dt>
          <dd>
            <RunUrl url={runUrl} />
          </dd>
        </>
      )}
    </dl>
  );
}

// What the caller stated: a link only where it leads to a page.
function RunUrl({ url }: { url: string }) {
  if (!/^https?:\/\//i.test(url)) return <>{visible(url)}</>;
  return (
    <a href={url} target="_blank" rel="noreferrer noopener">
      {visible(url)}
    </a>
  );
}
