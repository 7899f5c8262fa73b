import { useEffect, useState } from "react";
import { useClient } from "urql";
import { useMay } from "../../frame/viewer";
import { EVENT_TYPE_NAMES, UNLISTED_TYPES } from "./documents";

// Of 100 types each: more than these would make lists that nobody reads.
const MOST_PAGES = 10;

/** The types of the catalogue, and those that were published without being in it; [] before they are known. */
export function useEventTypes(): readonly string[] {
  const client = useClient();
  const isLogged = useMay()("deliveries:read");
  const [types, setTypes] = useState<readonly string[]>([]);
  useEffect(() => {
    let isOver = false;
    const read = async () => {
      const names: string[] = [];
      let after: string | null | undefined = null;
      for (let page = 0; page < MOST_PAGES; page += 1) {
        const answer: Awaited<ReturnType<typeof ask>> = await ask(after);
        names.push(...(answer?.nodes ?? []).map(({ name }) => name));
        if (!answer?.pageInfo.hasNextPage) break;
        after = answer.pageInfo.endCursor;
      }
      const unlisted = isLogged ? await client.query(UNLISTED_TYPES, {}).toPromise() : null;
      names.push(...(unlisted?.data?.unlistedEventTypes?.types ?? []).map(({ name }) => name));
      if (!isOver) setTypes(names);
    };
    const ask = async (after: string | null | undefined) => (await client.query(EVENT_TYPE_NAMES, { after }).toPromise()).data?.eventTypes;
    void read();
    return () => {
      isOver = true;
    };
  }, [client, isLogged]);
  return types;
}
