import type { ReactNode } from "react";
import { Button, type ButtonProps } from "react-aria-components";
import { useMay } from "../frame/viewer";

interface Props extends Omit<ButtonProps, "children"> {
  /** Without it the button is disabled and says so, in its tooltip and to readers of the screen. */
  scope: string;
  children: ReactNode;
}

/** A button for those whose token has a scope. */
export function ScopedButton({ scope, isDisabled, children, ...others }: Props) {
  const label = others["aria-label"];
  if (useMay()(scope)) {
    return (
      <Button {...others} isDisabled={isDisabled}>
        {children}
      </Button>
    );
  }
  return (
    <span title={`Needs the scope ${scope}`}>
      <Button {...others} aria-label={label && `${label}, needs the scope ${scope}`} isDisabled>
        {children}
        <span className="hidden">, needs the scope {scope}</span>
      </Button>
    </span>
  );
}
