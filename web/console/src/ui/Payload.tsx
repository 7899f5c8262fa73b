import { useState } from "react";
import { Button } from "react-aria-components";
import { Copy } from "./Copy";
import { hexOf, pretty } from "./payloads";
import { visible } from "./times";

interface Props {
  text?: string | null;
  /** What is no text. */
  base64?: string | null;
  missing: string;
  label: string;
}

/** A body of others: always text, pretty where it is JSON and nothing is lost by it; bytes as size and hex. */
export function Payload({ text, base64, missing, label }: Props) {
  const [isRaw, setRaw] = useState(false);
  if (base64) {
    const { size, hex } = hexOf(base64);
    return (
      <>
        <p className="faint">{`${size} bytes that are no text`}</p>
        <pre className="payload" aria-label={label} role="region" tabIndex={0}>
          {hex}
        </pre>
      </>
    );
  }
  if (text === null || text === undefined) return <p className="faint">{missing}</p>;
  if (!text) return <p className="faint">Empty.</p>;
  const nice = pretty(text);
  return (
    <>
      <pre className="payload" aria-label={label} role="region" tabIndex={0}>
        {visible(isRaw ? text : (nice ?? text))}
      </pre>
      <div className="buttons">
        <Copy text={text} label={label.toLowerCase()} />
        {nice !== null && nice !== text && (
          <Button className="ghost" onPress={() => setRaw(!isRaw)}>
            {isRaw ? "Pretty" : "Raw"}
          </Button>
        )}
      </div>
    </>
  );
}
