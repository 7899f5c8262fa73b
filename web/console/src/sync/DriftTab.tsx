import { useEffect } from "react";
import { useQuery } from "urql";
import { problemOf } from "../api/problems";
import type { SyncDriftQuery } from "../gql/graphql";
import { Link } from "../ui/Link";
import { Pages } from "../ui/Pages";
import { usePaging } from "../ui/paging";
import { Table } from "../ui/Table";
import { visible } from "../ui/times";
import { Skeleton, Trouble } from "../ui/Trouble";
import { When } from "../ui/When";
import { Difference } from "./Difference";
import { DRIFT } from "./documents";

type Drift = NonNullable<SyncDriftQuery["syncDrift"]>["nodes"][number];
type Field = Drift["fields"][number];

const COLUMNS = ["Webhook", "Field", "As applied, and as it is", "Changed by", "When", "Reason"];

/** The fields that the file owns and that were changed by hand since it was applied. round: read again when it rises. */
export function DriftTab({ set, round }: { set: string; round: number }) {
  const [{ data, error }, again] = useQuery({ query: DRIFT, variables: { set, ...usePaging() } });
  const read = () => again({ requestPolicy: "network-only" });
  useEffect(() => {
    if (round) again({ requestPolicy: "network-only" });
  }, [round, again]);
  const problem = problemOf(error);
  const list = data?.syncDrift;
  return (
    <>
      {problem && <Trouble problem={problem} retry={read} />}
      {!list && !problem && <Skeleton />}
      {list?.nodes.length === 0 && <p className="empty">No drift: the webhooks are as the file was applied last.</p>}
      {list && list.nodes.length > 0 && (
        <>
          {list.nodes.some(({ fields }) => fields.length > 0) && <Blocking />}
          <Table label="Drift" columns={COLUMNS}>
            {list.nodes.flatMap((drift) =>
              drift.fields.length === 0
                ? [<DeletedRow key={drift.slug} drift={drift} />]
                : drift.fields.map((field) => <DriftRow key={`${drift.slug} ${field.field}`} drift={drift} field={field} />),
            )}
          </Table>
        </>
      )}
      {list && <Pages info={list.pageInfo} />}
    </>
  );
}

function DriftRow({ drift, field }: { drift: Drift; field: Field }) {
  return (
    <tr data-row={`${drift.slug} ${field.field}`}>
      <td className="name">
        <Link to={`/webhooks/${drift.webhookId}?tab=configure`} data-open="">
          {drift.slug}
        </Link>
        <Place drift={drift} />
      </td>
      <td>{field.field}</td>
      <td className="changes">
        <Difference field={field.field} before={field.after} after={field.live} changedSecrets={field.changedSecrets} />
      </td>
      <td className="name">{field.changedBy ? visible(field.changedBy) : <span className="faint">not recorded</span>}</td>
      <td className="plain">{field.changedAt && <When at={field.changedAt} />}</td>
      <td className="name">{field.reason && visible(field.reason)}</td>
    </tr>
  );
}

/** A webhook that is not there any more, and so has no field. */
function DeletedRow({ drift }: { drift: Drift }) {
  return (
    <tr data-row={drift.slug}>
      <td className="name">
        {visible(drift.slug)}
        <Place drift={drift} />
      </td>
      <td colSpan={COLUMNS.length - 1}>{drift.hint && visible(drift.hint)}</td>
    </tr>
  );
}

function Place({ drift }: { drift: Drift }) {
  if (!drift.file) return null;
  return (
    <span className="under">
      <code>
        {visible(drift.file)}
        {drift.line ? `:${drift.line}` : ""}
      </code>
    </span>
  );
}

/** A webhook that was deleted blocks nothing: the next apply makes it anew. */
function Blocking() {
  return (
    <p className="faint">
      Drift blocks the next apply, unless the file's policy says what becomes of it (<code>onDrift</code>). Put the change into the file, or apply with{" "}
      <code>--on-drift overwrite</code> to undo it, <code>--on-drift keep</code> to leave it.
    </p>
  );
}
