import { Button } from "react-aria-components";
import { useQuery } from "urql";
import { problemOf } from "../api/problems";
import { useMay } from "../frame/viewer";
import { Copy } from "../ui/Copy";
import { Dialog } from "../ui/Dialog";
import { Link } from "../ui/Link";
import { visible } from "../ui/times";
import { Skeleton, Trouble } from "../ui/Trouble";
import { useNow, When } from "../ui/When";
import { ONE_TOKEN } from "./documents";
import { roleOf, SCOPES, stateOf } from "./rights";
import { TokenStatus } from "./TokenStatus";

/** One token: what it may do, and the way to what was done with it. */
export function TokenDrawer({ id, close }: { id: string; close: () => void }) {
  const [{ data, error }, again] = useQuery({ query: ONE_TOKEN, variables: { id } });
  const mayAudit = useMay()("audit:read");
  const now = useNow();
  const problem = problemOf(error);
  const token = data?.node?.__typename === "Token" ? data.node : null;
  return (
    <Dialog title={token ? visible(token.name) : "Token"} isOpen setOpen={close} isDrawer>
      {problem && <Trouble problem={problem} retry={() => again({ requestPolicy: "network-only" })} />}
      {!data && !problem && <Skeleton rows={4} />}
      {data && !token && <p>There is no token {visible(id)}.</p>}
      {token && (
        <>
          <dl className="facts">
            <dt>State</dt>
            <dd>
              <TokenStatus state={stateOf(token, now)} /> {token.revokedAt && <When at={token.revokedAt} />}
            </dd>
            <dt>ID</dt>
            <dd>
              <code>{token.id}</code> <Copy text={token.id} label="token id" />
            </dd>
            <dt>Ends in</dt>
            <dd>
              <code>…{token.lastFour}</code>
            </dd>
            <dt>Created</dt>
            <dd>
              <When at={token.createdAt} />
            </dd>
            <dt>Last used</dt>
            <dd>
              <When at={token.lastUsedAt} />
            </dd>
            <dt>Expires</dt>
            <dd>
              <When at={token.expiresAt} />
            </dd>
            <dt>Role</dt>
            <dd>{roleOf(token.scopes) ?? "Own choice of scopes"}</dd>
          </dl>
          <h3>What it may do</h3>
          <ul className="plain-list">
            {token.scopes.map((scope) => (
              <li key={scope}>
                {mayOf(scope)} <code className="faint">{scope}</code>
              </li>
            ))}
          </ul>
          {mayAudit && (
            <p className="after">
              <Link to={`/audit?actor=${encodeURIComponent(token.name)}`}>Changes that were made with it</Link>
              {" · "}
              <Link to={`/audit?subject=${token.id}`}>Who made it</Link>
            </p>
          )}
        </>
      )}
      <div className="buttons">
        <Button className="button" slot="close">
          Close
        </Button>
      </div>
    </Dialog>
  );
}

/** What a scope allows; of one that is bound to a set, with the set. */
function mayOf(scope: string): string {
  const [noun, verb, set] = scope.split(":");
  const may = SCOPES.find(([name]) => name === `${noun}:${verb}`)?.[1] ?? "";
  return set ? `${may}, for the set ${visible(set)}` : may;
}
