import { useQuery } from "urql";
import { problemOf } from "../api/problems";
import { useLive } from "../api/useLive";
import { AUDIT_LIVE } from "../audit/documents";
import { useMay } from "../frame/viewer";
import { moveRow, useKeys } from "../ui/keys";
import { Link } from "../ui/Link";
import { go, usePlace, withSearch } from "../ui/location";
import { NeedsScope } from "../ui/NeedsScope";
import { Pages } from "../ui/Pages";
import { countOf, usePaging } from "../ui/paging";
import { SearchBox } from "../ui/SearchBox";
import { Status } from "../ui/Status";
import { Table } from "../ui/Table";
import { visible } from "../ui/times";
import { Title } from "../ui/Title";
import { Skeleton, Trouble } from "../ui/Trouble";
import { When } from "../ui/When";
import { TYPE_LIST, UNLISTED_TYPES } from "./documents";
import { NewTypeDrawer, TypeDrawer } from "./TypeDrawer";
import { ScopedButton } from "../ui/ScopedButton";

const COLUMNS = ["Type", "Meaning", "Schema", "Sample"];
// An empty list names no type: without this nothing would read it again.
const CATALOGUE = { additionalTypenames: ["EventType"] };
const UNLISTED = ["Type", "Last published", ""];

/** The catalogue of event types, and what was published beside it. */
export default function EventTypesPage() {
  return useMay()("webhooks:read") ? <EventTypes /> : <NeedsScope title="Event types" scope="webhooks:read" />;
}

function EventTypes() {
  const { search } = usePlace();
  const may = useMay();
  const wanted = search.get("search");
  const [{ data, error, stale }, again] = useQuery({ query: TYPE_LIST, variables: { search: wanted, ...usePaging() }, context: CATALOGUE });
  const read = () => again({ requestPolicy: "network-only" });
  // What others save: the audit log tells, at once.
  useLive<{ action: string }>(AUDIT_LIVE, { after: may("webhooks:audit") ? null : undefined, onNode: ({ action }) => action.startsWith("eventType.") && read(), onGap: read });
  useKeys({
    j: () => moveRow(1),
    k: () => moveRow(-1),
    "/": () => document.querySelector<HTMLElement>("[type=search]")?.focus(),
  });
  const problem = problemOf(error);
  const list = data?.eventTypes;
  const [open, added] = [search.get("type"), search.get("new")];
  const close = () => go(withSearch({ type: null, new: null }), { isReplaced: true });
  return (
    <main id="main" aria-busy={stale}>
      <div className="head">
        <Title>Event types</Title>
        {list && <span className="faint">{countOf(list)}</span>}
        <span className="push" />
        <ScopedButton scope="webhooks:write" className="button primary" onPress={() => go(withSearch({ new: "object.model.action" }))}>
          Add event type
        </ScopedButton>
      </div>
      <div className="filters" role="search" aria-label="Event types">
        <SearchBox label="Name or meaning" />
      </div>
      {problem && <Trouble problem={problem} retry={read} />}
      {!list && !problem && <Skeleton />}
      {list?.nodes.length === 0 && (
        <p className="empty">
          {wanted
            ? "No event type of the catalogue matches."
            : "The catalogue is empty. An event needs no entry here: one gives it a meaning, a sample for tests, and a schema that can be enforced."}
        </p>
      )}
      {list && list.nodes.length > 0 && (
        <Table label="Event types" columns={COLUMNS}>
          {list.nodes.map((one) => (
            <tr key={one.id} data-row={one.id}>
              <td className="name">
                <Link to={withSearch({ type: one.id })} data-open="">
                  {visible(one.name)}
                </Link>
              </td>
              <td className="changes">{one.description && visible(one.description)}</td>
              <td className="plain">
                {one.schema === null || one.schema === undefined ? (
                  <span className="faint">none</span>
                ) : (
                  <Status tone={one.strict ? "good" : "calm"} icon={one.strict ? "check" : "question"}>
                    {one.strict ? "Enforced" : "For information"}
                  </Status>
                )}
              </td>
              <td className="plain">{one.sample === null || one.sample === undefined ? <span className="faint">none</span> : "yes"}</td>
            </tr>
          ))}
        </Table>
      )}
      {list && <Pages info={list.pageInfo} />}
      {may("deliveries:read") && <Unlisted search={wanted} />}
      {open && <TypeDrawer id={open} close={close} />}
      {added && <NewTypeDrawer name={added} close={close} />}
    </main>
  );
}

/** Types that were published and have no entry. */
function Unlisted({ search }: { search: string | null }) {
  const [{ data, error }, again] = useQuery({ query: UNLISTED_TYPES, variables: { search }, context: CATALOGUE });
  const problem = problemOf(error);
  const found = data?.unlistedEventTypes;
  if (!problem && !found?.types.length) return null;
  return (
    <section>
      <h2>Published, and not in the catalogue</h2>
      {problem && <Trouble problem={problem} retry={() => again({ requestPolicy: "network-only" })} />}
      {found && (
        <Table label="Types that are not in the catalogue" columns={UNLISTED}>
          {found.types.map(({ name, lastReceivedAt }) => (
            <tr key={name}>
              <td className="name">{visible(name)}</td>
              <td className="plain">
                <When at={lastReceivedAt} />
              </td>
              <td>
                <ScopedButton scope="webhooks:write" className="button small" aria-label={`Add ${name} to the catalogue`} onPress={() => go(withSearch({ new: name }))}>
                  Add
                </ScopedButton>
              </td>
            </tr>
          ))}
        </Table>
      )}
      {found && !found.exact && <p className="faint">There may be more: search for a part of the name.</p>}
    </section>
  );
}
