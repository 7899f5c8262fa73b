import { useEffect } from "react";
import { guardLeaving } from "./location";

const NONE: readonly string[] = [];

/** Keeps what is not saved from being lost: leaving the page asks first. names: what of the address's search belongs to it, such as that of a drawer. */
export function useGuard(isDirty: boolean, names = NONE): void {
  useEffect(() => {
    if (!isDirty) return;
    guardLeaving({ ask: () => window.confirm("There are changes that are not saved. Leave the page without them?"), names });
    return () => guardLeaving(null);
  }, [isDirty, names]);
}
