import { useQuery } from "urql";
import { problemOf } from "../api/problems";
import { wordsOf } from "../audit/actions";
import type { AuditSource } from "../gql/graphql";
import { Link } from "../ui/Link";
import { Skeleton, Trouble } from "../ui/Trouble";
import { visible } from "../ui/times";
import { When } from "../ui/When";
import { changesOf } from "./changes";
import { WEBHOOK_AUDIT } from "./page-documents";
import { actorName } from "./actor";

const SOURCES: Record<AuditSource, string> = {
  CONSOLE: "in the console",
  API: "by the API",
  SYNC: "by a webhooks file",
  SYSTEM: "by Hookline",
};

/** Audit entries of a webhook, field by field. */
export function ChangesTab({ id }: { id: string }) {
  const [{ data, error }, again] = useQuery({ query: WEBHOOK_AUDIT, variables: { id } });
  const problem = problemOf(error);
  const entries = data?.auditEntries?.nodes;
  if (!entries) return problem ? <Trouble problem={problem} retry={() => again({ requestPolicy: "network-only" })} /> : <Skeleton />;
  if (!entries.length) return <p className="empty">No change is recorded.</p>;
  return (
    <>
      <div className="scroller" role="region" aria-label="Changes, table" tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th scope="col">When</th>
              <th scope="col">By</th>
              <th scope="col">Action</th>
              <th scope="col">Before and after</th>
            </tr>
          </thead>
          <tbody>
            {entries.map((entry) => (
              <tr key={entry.id}>
                <td className="plain">
                  <When at={entry.at} />
                </td>
                <td>
                  {actorName(entry.actor)}
                  <span className="under">{SOURCES[entry.source]}</span>
                </td>
                <td className="name">
                  {wordsOf(entry.action)}
                  {entry.reason && <span className="under">{visible(entry.reason)}</span>}
                </td>
                <td>
                  <dl className="facts">
                    {changesOf(entry.before, entry.after).map(({ field, before, after }) => (
                      <div key={field}>
                        <dt>{visible(field)}</dt>
                        <dd>
                          {before !== null && <del>{visible(before)}</del>} {after !== null && <ins>{visible(after)}</ins>}
                        </dd>
                      </div>
                    ))}
                  </dl>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {data.auditEntries?.pageInfo.hasNextPage && (
        <p className="faint">
          These are the latest {entries.length}. <Link to={`/audit?subject=${id}`}>All changes of it</Link>
        </p>
      )}
    </>
  );
}
