import { visible } from "../ui/times";
import { kindOf, valueOf } from "./values";

interface Field {
  field: string;
  before?: unknown;
  after?: unknown;
  /** The present value; in a revision the value that drift had. */
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
    /** Of drift in a revision: whether it was left as it was. */
    kept?: boolean | null;
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
      {change.kept != null && <p className="faint">Changed by hand: {change.kept ? "kept as it was" : "set back to the file"}</p>}
      <dl className="facts">
        {change.fields.map(({ field, before, after, live, changedBy, reason }) => (
          <div key={field}>
            <dt>{visible(field)}</dt>
            <dd>
              <FromTo kind={change.kind} field={{ before, after, live }} isByHand={Boolean(changedBy) || change.kept != null} isKept={change.kept === true} />
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

interface FromToProps {
  kind: string;
  field: Pick<Field, "before" | "after" | "live">;
  /** The present value was set by hand. */
  isByHand: boolean;
  isKept: boolean;
}

function FromTo({ kind, field: { before, after, live }, isByHand, isKept }: FromToProps) {
  if (kind === "CREATE") return <ins>{valueOf(after)}</ins>;
  const now = isByHand && live !== undefined ? live : before;
  return (
    <>
      <del>{valueOf(isKept ? before : now)}</del> <ins>{valueOf(isKept ? now : after)}</ins>
    </>
  );
}
