import { usePlace } from "./location";

const PAGE_SIZE = 50;

/** The page of a list that the address names, as arguments of a connection. */
export function usePaging() {
  const { search } = usePlace();
  const before = search.get("before");
  return before ? { last: PAGE_SIZE, before } : { first: PAGE_SIZE, after: search.get("after") };
}

/** The number of items of a list, as far as the server counts. */
export function countOf({ totalCount, totalCountExact }: { totalCount: number; totalCountExact: boolean }): string {
  return totalCountExact ? totalCount.toLocaleString() : `more than ${totalCount.toLocaleString()}`;
}
