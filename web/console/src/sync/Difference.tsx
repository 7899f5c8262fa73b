import { visible } from "../ui/times";
import { linesOf, linesThatDiffer, MOST_BESIDE } from "./differences";
import { valueOf } from "./values";

interface Props {
  field: string;
  before: unknown;
  after: unknown;
  /** Paths of secrets that differ: masked, they look alike. */
  changedSecrets?: readonly string[];
}

/** A field from one value to another: short ones beside each other, of others the lines that differ. */
export function Difference({ field, before, after, changedSecrets = [] }: Props) {
  const lines = linesThatDiffer(before, after);
  const isAlike = JSON.stringify(before) === JSON.stringify(after);
  return (
    <>
      {lines.length > 0 ? (
        <pre className="payload" role="region" aria-label={`${field}: what differs`} tabIndex={0}>
          {lines.map(({ mark, text }, at) => (
            <Marked key={at} mark={mark} text={visible(text)} />
          ))}
        </pre>
      ) : isAlike ? (
        valueOf(after)
      ) : (
        <>
          <del>{valueOf(before)}</del> <ins>{valueOf(after)}</ins>
        </>
      )}
      {changedSecrets.length > 0 && <span className="under">Another secret: {changedSecrets.map(visible).join(", ")}</span>}
    </>
  );
}

/** A field of a new webhook, whole. */
export function Added({ field, value }: { field: string; value: unknown }) {
  const short = valueOf(value);
  const isLine = typeof value !== "string" || !value.includes("\n");
  if (isLine && short.length <= MOST_BESIDE) return <ins>{short}</ins>;
  return (
    <pre className="payload" role="region" aria-label={field} tabIndex={0}>
      <ins>{linesOf(value).map(visible).join("\n")}</ins>
    </pre>
  );
}

function Marked({ mark, text }: { mark: string; text: string }) {
  const line = `${mark} ${text}\n`;
  return mark === "-" ? <del>{line}</del> : mark === "+" ? <ins>{line}</ins> : <>{line}</>;
}
