import { Button } from "react-aria-components";
import { go, withSearch } from "./location";

interface PageInfo {
  startCursor?: string | null;
  endCursor?: string | null;
  hasNextPage: boolean;
  hasPreviousPage: boolean;
}

/** The pages of a list before and after this one; none for a list that is one page. */
export function Pages({ info }: { info: PageInfo }) {
  if (!info.hasNextPage && !info.hasPreviousPage) return null;
  return (
    <nav className="pages" aria-label="Pages of the list">
      <Button className="button" isDisabled={!info.hasPreviousPage} onPress={() => go(withSearch({ before: info.startCursor ?? null, after: null }))}>
        Previous page
      </Button>
      <Button className="button" isDisabled={!info.hasNextPage} onPress={() => go(withSearch({ after: info.endCursor ?? null, before: null }))}>
        Next page
      </Button>
    </nav>
  );
}
