import { type ReactNode, useEffect, useRef } from "react";

/** The heading of a page. It takes the focus as it appears: reading begins there after a change of page. */
export function Title({ children }: { children: ReactNode }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (!document.querySelector("[role=dialog]")) heading.current?.focus({ preventScroll: true });
  }, []);
  return (
    <h1 tabIndex={-1} ref={heading}>
      {children}
    </h1>
  );
}
