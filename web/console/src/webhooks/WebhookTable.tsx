import { Bars } from "../ui/Bars";
import { Copy } from "../ui/Copy";
import { Icon } from "../ui/icons";
import { Link } from "../ui/Link";
import { setPath } from "../sync/values";
import { go, usePlace, withSearch } from "../ui/location";
import { WebhookStatus } from "../ui/Status";
import { middleTruncated, visible } from "../ui/times";
import { When } from "../ui/When";
import { Actions } from "./Actions";
import { actorName } from "./actor";
import { Toggle } from "./Toggle";
import type { Row } from "./types";

interface Props {
  webhooks: readonly Row[];
  selected: ReadonlySet<string>;
  select: (ids: readonly string[], isSelected: boolean) => void;
  /** Reads the list again. */
  reload: () => void;
}

/** One webhook a row; several can be selected. */
export function WebhookTable({ webhooks, selected, select, reload }: Props) {
  const ids = webhooks.map(({ id }) => id);
  const all = ids.every((id) => selected.has(id));
  return (
    <div className="scroller" role="region" aria-label="Webhooks, table" tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">
              <input type="checkbox" aria-label="Select all of this page" checked={all} onChange={() => select(ids, !all)} />
            </th>
            <th scope="col">On</th>
            <SortHead field="NAME">Name</SortHead>
            <th scope="col">URL</th>
            <SortHead field="STATUS">Status</SortHead>
            <th scope="col">Environments</th>
            <SortHead field="FAILURE_RATE">Last 24 h</SortHead>
            <th scope="col">Backlog</th>
            <SortHead field="MODIFIED_AT">Modified</SortHead>
            <th scope="col">
              <span className="hidden">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {webhooks.map((webhook) => (
            <WebhookRow key={webhook.id} webhook={webhook} isSelected={selected.has(webhook.id)} select={select} reload={reload} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface RowProps extends Pick<Props, "select" | "reload"> {
  webhook: Row;
  isSelected: boolean;
}

function WebhookRow({ webhook, isSelected, select, reload }: RowProps) {
  const { health, managedBy } = webhook;
  return (
    <tr data-row={webhook.id}>
      <td>
        <input type="checkbox" aria-label={`Select ${webhook.name}`} checked={isSelected} onChange={() => select([webhook.id], !isSelected)} />
      </td>
      <td>
        <Toggle webhook={webhook} />
      </td>
      <td className="name">
        <Link to={`/webhooks/${webhook.id}`} data-open="">
          {visible(webhook.name)}
        </Link>
        {managedBy && (
          <Link
            to={setPath(managedBy.set)}
            className="badge"
            title={visible(`${managedBy.file ?? managedBy.set}${managedBy.line ? `:${managedBy.line}` : ""} owns it`)}
            aria-label={`yaml: the set ${visible(managedBy.set)}`}
          >
            yaml
          </Link>
        )}
        {webhook.listener && (
          <span className="badge" title="hookline listen: it ends with its command">
            listener
          </span>
        )}
        {webhook.description && <span className="under">{visible(webhook.description)}</span>}
      </td>
      <td className="url">
        <code title={visible(webhook.url)}>{middleTruncated(visible(webhook.url), 28)}</code>
        <Copy text={webhook.url} label={`URL of ${webhook.name}`} />
      </td>
      <td>
        <WebhookStatus status={webhook.status} />
        {health.autoDisabledAt && (
          <span className="under reason">
            <When at={health.autoDisabledAt} />: {health.autoDisabledReason && visible(health.autoDisabledReason)}
          </span>
        )}
        {webhook.status === "ACTIVE" && health.failingSince && (
          <span className="under bad">
            failing since <When at={health.failingSince} />
          </span>
        )}
        {health.secretsError && <span className="under bad">{health.secretsError}</span>}
      </td>
      <td>{webhook.environments.join(", ")}</td>
      <td>
        {webhook.stats && <Bars buckets={webhook.stats} label={`Attempts of ${webhook.name} in the last 24 hours`} />}
        {health.lastAttemptAt && (
          <span className="under">
            last <When at={health.lastAttemptAt} />
          </span>
        )}
      </td>
      <td className="figure">
        {health.backlog > 0 ? health.backlog.toLocaleString() : <span className="faint">0</span>}
        {webhook.oldestOpenDelivery && (
          <span className="under">
            oldest <When at={webhook.oldestOpenDelivery.createdAt} />
          </span>
        )}
      </td>
      <td>
        <When at={webhook.modifiedAt} />
        <span className="under">{actorName(webhook.modifiedBy)}</span>
      </td>
      <td>
        <Actions webhook={webhook} reload={reload} />
      </td>
    </tr>
  );
}

function SortHead({ field, children }: { field: string; children: string }) {
  const { search } = usePlace();
  const [sorted, direction] = (search.get("sort") ?? "NAME-ASC").split("-");
  const isSorted = sorted === field;
  const next = isSorted && direction === "ASC" ? "DESC" : "ASC";
  return (
    <th scope="col" aria-sort={isSorted ? (direction === "ASC" ? "ascending" : "descending") : undefined}>
      <button type="button" className="sort" onClick={() => go(withSearch({ sort: `${field}-${next}`, after: null, before: null }))}>
        {children}
        {isSorted && <Icon name={direction === "ASC" ? "up" : "down"} />}
      </button>
    </th>
  );
}
