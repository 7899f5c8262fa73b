import { useQuery } from "urql";
import { problemOf } from "../api/problems";
import { Link } from "../ui/Link";
import { visible } from "../ui/times";
import { Trouble } from "../ui/Trouble";
import { EVENT_MATCHES } from "./documents";

/** The webhooks that an event did not go to, each with why. */
export function Missing({ id }: { id: string }) {
  const [{ data, error }, again] = useQuery({ query: EVENT_MATCHES, variables: { id } });
  const problem = problemOf(error);
  const matches = data?.node?.__typename === "Event" ? data.node.matches : null;
  const missing = (matches?.nodes ?? []).filter(({ delivery }) => !delivery);
  if (problem) return <Trouble problem={problem} retry={() => again({ requestPolicy: "network-only" })} />;
  if (!missing.length) return null;
  return (
    <>
      <h2>Webhooks that it did not go to</h2>
      <div className="scroller" role="region" aria-label="Webhooks without it, table" tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th scope="col">Webhook</th>
              <th scope="col">Why not, as it is now</th>
            </tr>
          </thead>
          <tbody>
            {missing.map(({ webhook, matches: wouldMatch, reasons }) => (
              <tr key={webhook.id}>
                <td className="name">
                  <Link to={`/webhooks/${webhook.id}`}>{visible(webhook.name)}</Link>
                </td>
                <td>{wouldMatch ? "It would get it now: it is newer than the event, was changed since, or was off." : reasons.map(visible).join(" ")}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {matches?.pageInfo.hasNextPage && <p className="faint">The first 100 webhooks by name were looked at.</p>}
    </>
  );
}
