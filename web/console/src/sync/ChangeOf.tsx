import { visible } from "../ui/times";
import { kindOf, valueOf } from "./values";

interface Field {
  field: string;
  before?: unknown;
  after?: unknown;
  /** The present value; a revision keeps none. */
  live?: unknown;
  changedBy?: string | null;
  reason?: string | null;
}

interface Props {
  change: {
    kind: string;
    slug: string;
    movedFrom?: string | null;
    openDeliveries?: number | null;
    line?: number | null;
    hint?: string | null;
    fields: readonly Field[];
  };
  /** The revision that a rollback brings back; none for a file. */
  restores?: number | null;
}

/** What an apply does to a webhook, or has done, field by field. */
export function ChangeOf({ change, restores }: Props) {
  return (
    <section className="change">
      <h4>
        {visible(change.slug)} <span className="badge">{kindOf(change.kind, restores)}</span> {change.line && <span className="faint">line {change.line}</span>}
      </h4>
      {change.movedFrom && <p className="faint">Was {visible(change.movedFrom)}: keeps ID, log, secrets and open deliveries</p>}
      {Boolean(change.openDeliveries) && <p className="faint">Open deliveries: {change.openDeliveries?.toLocaleString()}</p>}
      {change.hint && <p className="faint">{visible(change.hint)}</p>}
      <dl className="facts">
        {change.fields.map(({ field, before, after, live, changedBy, reason }) => (
          <div key={field}>
            <dt>{visible(field)}</dt>
            <dd>
              {change.kind !== "CREATE" && <del>{valueOf(changedBy && live !== undefined ? live : before)}</del>} <ins>{valueOf(after)}</ins>
              {changedBy && (
                <span className="under">
                  changed by {visible(changedBy)}
                  {reason && `: ${visible(reason)}`}
                </span>
              )}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
