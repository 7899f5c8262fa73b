import { useState } from "react";
import { Button } from "react-aria-components";
import { copyText } from "./clipboard";
import { Icon } from "./icons";

type State = "copy" | "check" | "cross";

interface Props {
  text: string;
  /** Names what, for readers of the screen, or for everybody. */
  label: string;
  isLabelShown?: boolean;
}

/** Copies a text, and says whether that worked. */
export function Copy({ text, label, isLabelShown = false }: Props) {
  const [state, setState] = useState<State>("copy");
  const copy = async () => {
    setState((await copyText(text)) ? "check" : "cross");
    setTimeout(() => setState("copy"), 1_500);
  };
  const words = { copy: `Copy ${label}`, check: `Copied ${label}`, cross: `The browser did not copy ${label}` }[state];
  return (
    <Button className={isLabelShown ? "button small" : "ghost"} aria-label={isLabelShown ? undefined : words} onPress={() => void copy()}>
      <Icon name={state} /> {isLabelShown && words}
    </Button>
  );
}
