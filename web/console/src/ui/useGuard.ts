import { useEffect } from "react";
import { guardLeaving } from "./location";

/** Keeps what is not saved from being lost: leaving the page asks first. */
export function useGuard(isDirty: boolean): void {
  useEffect(() => {
    if (!isDirty) return;
    guardLeaving(() => window.confirm("There are changes that are not saved. Leave the page without them?"));
    return () => guardLeaving(null);
  }, [isDirty]);
}
