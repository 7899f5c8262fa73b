import { useState } from "react";
import { Button } from "react-aria-components";
import { Icon } from "./icons";

/** Copies a text. label: names what, for readers of the screen. */
export function Copy({ text, label }: { text: string; label: string }) {
  const [isCopied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text).catch(() => undefined);
    setCopied(true);
    setTimeout(() => setCopied(false), 1_500);
  };
  return (
    <Button className="ghost" aria-label={isCopied ? `Copied ${label}` : `Copy ${label}`} onPress={() => void copy()}>
      <Icon name={isCopied ? "check" : "copy"} />
    </Button>
  );
}
