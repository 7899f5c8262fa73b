import type { ReactNode } from "react";
import { Button, type ButtonProps } from "react-aria-components";
import { useMay } from "../frame/viewer";

interface Props extends Omit<ButtonProps, "children"> {
  /** Without it the button is disabled and says so, in its tooltip and to readers of the screen. */
  scope: string;
  /** What keeps everybody from it, whatever their token; told in the same way. */
  refusal?: string;
  children: ReactNode;
}

/** A button for those whose token has a scope. Disabled, it says why. */
export function ScopedButton({ scope, refusal, isDisabled, children, ...others }: Props) {
  const label = others["aria-label"];
  const why = useMay()(scope) ? refusal : `needs the scope ${scope}`;
  if (!why) {
    return (
      <Button {...others} isDisabled={isDisabled}>
        {children}
      </Button>
    );
  }
  return (
    <span title={why[0]!.toUpperCase() + why.slice(1)}>
      <Button {...others} aria-label={label && `${label}, ${why}`} isDisabled>
        {children}
        <span className="hidden">, {why}</span>
      </Button>
    </span>
  );
}
