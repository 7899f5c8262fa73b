import { visible } from "../ui/times";
import { Added, Difference } from "./Difference";
import { kindOf } from "./values";

interface Field {
  field: string;
  before?: unknown;
  after?: unknown;
  /** The present value; in a revision the value that drift had. */
  live?: unknown;
  changedSecrets?: readonly string[];
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
        {change.fields.map((item) => (
          <div key={item.field}>
            <dt>{visible(item.field)}</dt>
            <dd>
              <FromTo kind={change.kind} item={item} isByHand={Boolean(item.changedBy) || change.kept != null} isKept={change.kept === true} />
              {item.changedBy && (
                <span className="under">
                  changed by {visible(item.changedBy)}
                  {item.reason && `: ${visible(item.reason)}`}
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
  item: Field;
  /** The present value was set by hand. */
  isByHand: boolean;
  isKept: boolean;
}

function FromTo({ kind, item: { field, before, after, live, changedSecrets }, isByHand, isKept }: FromToProps) {
  if (kind === "CREATE") return <Added field={field} value={after} />;
  const now = isByHand && live !== undefined ? live : before;
  return <Difference field={field} before={isKept ? before : now} after={isKept ? now : after} changedSecrets={changedSecrets} />;
}
