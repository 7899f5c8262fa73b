import { Fragment, type RefObject } from "react";
import { defaultRangeExtractor, useVirtualizer } from "@tanstack/react-virtual";
import type { AttemptRowFragment } from "../gql/graphql";
import { Link } from "../ui/Link";
import { withSearch } from "../ui/location";
import { ScopedButton } from "../ui/ScopedButton";
import { duration, visible } from "../ui/times";
import { useRoving } from "../ui/useRoving";
import { When } from "../ui/When";
import { AttemptOutcome, causeWord, ofMost } from "./AttemptOutcome";
import type { Selection } from "./useSelection";

// As the style sheet has it, for `.log` and its rows.
const ROW_HEIGHT = 34;

interface Props {
  rows: readonly AttemptRowFragment[];
  hasWebhooks: boolean;
  /** Attempts that the webhook of all of them makes at most; otherwise each row tells its own. */
  most: number | undefined;
  scroller: RefObject<HTMLDivElement | null>;
  selection: Selection;
  setAway: (isAway: boolean) => void;
  retry: (deliveryId: string) => void;
}

/** The log as a table of which only the rows in sight are there. setAway: called with whether its top is out of sight. */
export function AttemptTable({ rows, hasWebhooks, most, scroller, selection, setAway, retry }: Props) {
  const roving = useRoving({
    rows,
    page: () => Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / ROW_HEIGHT) - 2),
    show: (at) => virtual.scrollToIndex(at),
  });
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    getItemKey: (at) => rows[at]!.id,
    overscan: 8,
    // The head stands over the rows.
    scrollPaddingEnd: ROW_HEIGHT,
    // The row of the tab stop stays, wherever it is scrolled to: otherwise the focus would be lost.
    rangeExtractor: (range) => {
      const seen = defaultRangeExtractor(range);
      return seen.includes(roving.at) ? seen : [...seen, roving.at].sort((one, other) => one - other);
    },
  });
  const items = virtual.getVirtualItems();
  const columns = hasWebhooks ? 10 : 9;
  return (
    <div
      ref={scroller}
      className="scroller log"
      role="region"
      aria-label="Attempts, table"
      onScroll={({ currentTarget }) => setAway(currentTarget.scrollTop > 0)}
    >
      <table role="grid" aria-label="Attempts" aria-multiselectable="true" aria-rowcount={rows.length + 1}>
        <Head hasWebhooks={hasWebhooks} selection={selection} rows={rows} />
        <tbody {...roving.body}>
          {items.map((item, at) => (
            <Fragment key={item.key}>
              <Gap height={item.start - (items[at - 1]?.end ?? 0)} columns={columns} />
              <AttemptRow row={rows[item.index]!} index={item.index + 2} hasWebhooks={hasWebhooks} most={most} selection={selection} retry={retry} />
            </Fragment>
          ))}
          <Gap height={virtual.getTotalSize() - (items.at(-1)?.end ?? 0)} columns={columns} />
        </tbody>
      </table>
    </div>
  );
}

/** The room of rows that are out of sight. */
function Gap({ height, columns }: { height: number; columns: number }) {
  if (height <= 0) return null;
  return (
    <tr aria-hidden="true" className="gap">
      <td colSpan={columns} style={{ height }} />
    </tr>
  );
}

function Head({ hasWebhooks, selection, rows }: Pick<Props, "hasWebhooks" | "selection" | "rows">) {
  return (
    <thead>
      <tr aria-rowindex={1}>
        <th scope="col" className="narrow">
          <input
            type="checkbox"
            aria-label="Select what failed"
            title="Select what failed, the newest 100 at most"
            checked={selection.size > 0}
            onChange={({ target }) => (target.checked ? selection.takeFailed(rows) : selection.clear())}
          />
        </th>
        <th scope="col">Time</th>
        <th scope="col" className="wide">Outcome</th>
        <th scope="col" className="wider">Event type</th>
        {hasWebhooks && <th scope="col" className="middle">Webhook</th>}
        <th scope="col" className="fair">Event</th>
        <th scope="col" className="fair">Attempt</th>
        <th scope="col" className="figure">Duration</th>
        <th scope="col">Next try</th>
        <th scope="col" className="narrower">
          <span className="hidden">Actions</span>
        </th>
      </tr>
    </thead>
  );
}

interface RowProps extends Pick<Props, "hasWebhooks" | "most" | "selection" | "retry"> {
  row: AttemptRowFragment;
  index: number;
}

function AttemptRow({ row, index, hasWebhooks, most, selection, retry }: RowProps) {
  const type = visible(row.event.type);
  return (
    <tr data-row={row.id} aria-rowindex={index} aria-selected={selection.has(row)}>
      <td>
        <input
          type="checkbox"
          aria-label={`Select ${type}, attempt ${row.number}`}
          checked={selection.has(row)}
          onChange={({ target }) => selection.set(row, target.checked)}
        />
      </td>
      <td>
        <When at={row.startedAt} />
      </td>
      <td>
        <AttemptOutcome attempt={row} />
      </td>
      <td className="name" title={type}>
        <Link to={withSearch({ attempt: row.id })} data-open="">
          {type}
        </Link>
      </td>
      {hasWebhooks && (
        <td className="name" title={row.webhook ? visible(row.webhook.name) : undefined}>{row.webhook && <Link to={`/webhooks/${row.webhook.id}?tab=activity`}>{visible(row.webhook.name)}</Link>}</td>
      )}
      <td title={row.event.id}>
        <Link to={`/events/${row.event.id}`}>
          <code>{row.event.id}</code>
        </Link>
      </td>
      <td>
        {ofMost(row, most)} {row.cause !== "PUBLISH" && <span className="faint">{causeWord(row.cause)}</span>}
      </td>
      <td className="figure">{duration(row.durationMs)}</td>
      <td>{row.nextAttemptAt && <When at={row.nextAttemptAt} />}</td>
      <td>
        {row.outcome !== "SUCCEEDED" && (
          <ScopedButton
            scope="deliveries:retry"
            className="button small"
            data-retry=""
            aria-label={`Retry ${type}, attempt ${row.number}`}
            onPress={() => retry(row.delivery.id)}
          >
            Retry
          </ScopedButton>
        )}
      </td>
    </tr>
  );
}
