import { useMemo } from "react";
import { useQuery } from "urql";
import { useMay } from "../../frame/viewer";
import { RECENT_DATA } from "./documents";
import { partsOf } from "./events-parts";
import { pathsOf } from "./filter-rows";
import { useSettled } from "./useSettled";

/** Paths that the latest events of a pattern have, for a field to offer. isWanted: something shows them. */
export function usePaths(pattern: string, isWanted: boolean): string[] {
  const may = useMay();
  const asked = useSettled(pattern, 300);
  const isPattern = partsOf(asked)?.every(Boolean) ?? false;
  const [{ data }] = useQuery({ query: RECENT_DATA, variables: { pattern: asked }, pause: !isWanted || !isPattern || !may("deliveries:read") });
  return useMemo(() => pathsOf(data?.events?.nodes.map((event) => event.data) ?? []), [data]);
}
