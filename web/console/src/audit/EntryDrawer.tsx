import { Button } from "react-aria-components";
import { useQuery } from "urql";
import { problemOf } from "../api/problems";
import { pageOf } from "../frame/GoTo";
import type { AuditRowFragment } from "../gql/graphql";
import { Copy } from "../ui/Copy";
import { Dialog } from "../ui/Dialog";
import { Link } from "../ui/Link";
import { withSearch } from "../ui/location";
import { Payload } from "../ui/Payload";
import { visible } from "../ui/times";
import { Skeleton, Trouble } from "../ui/Trouble";
import { When } from "../ui/When";
import { differencesOf } from "../webhooks/changes";
import { actorName } from "../webhooks/actor";
import { SOURCES, wordsOf } from "./actions";
import { ONE_ENTRY } from "./documents";

/** One change with its whole values. */
export function EntryDrawer({ id, close }: { id: string; close: () => void }) {
  const [{ data, error }, again] = useQuery({ query: ONE_ENTRY, variables: { id } });
  const problem = problemOf(error);
  const entry = data?.node?.__typename === "AuditEntry" ? data.node : null;
  return (
    <Dialog title={entry ? wordsOf(entry.action) : "Entry of the audit log"} isOpen setOpen={close} isDrawer>
      {problem && <Trouble problem={problem} retry={() => again({ requestPolicy: "network-only" })} />}
      {!data && !problem && <Skeleton rows={4} />}
      {data && !entry && <p>There is no entry {visible(id)}, or not any more.</p>}
      {entry && (
        <>
          <Facts entry={entry} />
          <Values entry={entry} />
        </>
      )}
      <div className="buttons">
        <Button className="button" slot="close">
          Close
        </Button>
      </div>
    </Dialog>
  );
}

function Facts({ entry }: { entry: AuditRowFragment }) {
  const { actor, subjectId } = entry;
  const page = subjectId && pageOf(subjectId);
  return (
    <dl className="facts">
      <dt>When</dt>
      <dd>
        <When at={entry.at} />
      </dd>
      <dt>By</dt>
      <dd>
        {actorName(actor)} <Link to={withSearch({ actor: actor.name, entry: null, after: null, before: null })}>All changes by it</Link>
        {actor.tokenId && (
          <span className="under">
            <code>{actor.tokenId}</code>
          </span>
        )}
      </dd>
      <dt>From</dt>
      <dd>{SOURCES[entry.source] ?? entry.source}</dd>
      {actor.claimed?.commit && (
        <>
          <dt>Commit</dt>
          <dd>
            <code>{visible(actor.claimed.commit)}</code> {actor.claimed.branch && visible(actor.claimed.branch)}
          </dd>
        </>
      )}
      {entry.reason && (
        <>
          <dt>Reason</dt>
          <dd>{visible(entry.reason)}</dd>
        </>
      )}
      {subjectId && (
        <>
          <dt>Object</dt>
          <dd>
            <code>{subjectId}</code> <Copy text={subjectId} label="id of the object" />
            <span className="under">
              {page && (
                <>
                  <Link to={page}>Open it</Link>,{" "}
                </>
              )}
              <Link to={withSearch({ subject: subjectId, entry: null, after: null, before: null })}>all changes of it</Link>
            </span>
          </dd>
        </>
      )}
      {entry.requestId && (
        <>
          <dt>Request</dt>
          <dd>
            <code>{visible(entry.requestId)}</code> <Copy text={entry.requestId} label="request id" />
          </dd>
        </>
      )}
      <dt>Operation</dt>
      <dd>
        <code>{entry.action}</code>
      </dd>
    </dl>
  );
}

function Values({ entry }: { entry: AuditRowFragment }) {
  const differences = differencesOf(entry.before, entry.after);
  if (!differences.length) return <p className="faint">It changed no value.</p>;
  return differences.map(({ field, before, after }) => (
    <section key={field}>
      <h3>{visible(field)}</h3>
      {before !== undefined && (
        <>
          <span className="under">Before</span>
          <Payload text={textOf(before)} missing="" label={`${visible(field)} before`} />
        </>
      )}
      {after !== undefined && (
        <>
          <span className="under">After</span>
          <Payload text={textOf(after)} missing="" label={`${visible(field)} after`} />
        </>
      )}
    </section>
  ));
}

const textOf = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value, null, 2));
