import { useState } from "react";
import { Button } from "react-aria-components";
import { useQuery } from "urql";
import { problemOf } from "../api/problems";
import { useLive } from "../api/useLive";
import { AUDIT_LIVE } from "../audit/documents";
import { useFrame, useMay } from "../frame/viewer";
import type { TokenRowFragment } from "../gql/graphql";
import { Link } from "../ui/Link";
import { moveRow, useKeys } from "../ui/keys";
import { go, usePlace, withSearch } from "../ui/location";
import { NeedsScope } from "../ui/NeedsScope";
import { Pages } from "../ui/Pages";
import { countOf, usePaging } from "../ui/paging";
import { Table } from "../ui/Table";
import { visible } from "../ui/times";
import { Title } from "../ui/Title";
import { Skeleton, Trouble } from "../ui/Trouble";
import { useNow, When } from "../ui/When";
import { CreateDialog } from "./CreateDialog";
import { TOKEN_LIST } from "./documents";
import { RevokeDialog } from "./RevokeDialog";
import { roleOf, stateOf } from "./rights";
import { TokenDrawer } from "./TokenDrawer";
import { TokenStatus } from "./TokenStatus";

const COLUMNS = ["Name", "Rights", "Ends in", "Created", "Last used", "Expires", "State", "Action"];

/** All tokens of the workspace, newest first, also those that have ended. */
export default function TokensPage() {
  return useMay()("tokens:admin") ? <Tokens /> : <NeedsScope title="Tokens" scope="tokens:admin" />;
}

function Tokens() {
  const { search } = usePlace();
  const [{ data, error, stale }, again] = useQuery({ query: TOKEN_LIST, variables: usePaging() });
  const [isCreating, setCreating] = useState(false);
  const [revoking, setRevoking] = useState<TokenRowFragment | null>(null);
  const read = () => again({ requestPolicy: "network-only" });
  // Tokens that others make and revoke: the audit log tells, at once.
  useLive<{ action: string }>(AUDIT_LIVE, { after: useMay()("audit:read") ? null : undefined, onNode: ({ action }) => action.startsWith("token.") && read(), onGap: read });
  useKeys({ j: () => moveRow(1), k: () => moveRow(-1) });
  const problem = problemOf(error);
  const list = data?.tokens;
  const open = search.get("token");
  return (
    <main id="main" aria-busy={stale}>
      <div className="head">
        <Title>Tokens</Title>
        {list && <span className="faint">{countOf(list)}</span>}
        <span className="push" />
        <Button className="button primary" onPress={() => setCreating(true)}>
          Create a token
        </Button>
      </div>
      {problem && <Trouble problem={problem} retry={read} />}
      {!list && !problem && <Skeleton />}
      {list?.nodes.length === 0 && <p className="empty">There are no tokens on this page of the list.</p>}
      {list && list.nodes.length > 0 && (
        <Table label="Tokens" columns={COLUMNS}>
          {list.nodes.map((token) => (
            <TokenRow key={token.id} token={token} revoke={() => setRevoking(token)} />
          ))}
        </Table>
      )}
      {list && <Pages info={list.pageInfo} />}
      {isCreating && <CreateDialog close={() => setCreating(false)} onCreated={read} />}
      {revoking && <RevokeDialog token={revoking} close={() => setRevoking(null)} onRevoked={read} />}
      {open && <TokenDrawer id={open} close={() => go(withSearch({ token: null }), { isReplaced: true })} />}
    </main>
  );
}

function TokenRow({ token, revoke }: { token: TokenRowFragment; revoke: () => void }) {
  const { viewer } = useFrame();
  const state = stateOf(token, useNow());
  const role = roleOf(token.scopes);
  return (
    <tr data-row={token.id}>
      <td className="name">
        <Link to={withSearch({ token: token.id })} data-open="">
          {visible(token.name)}
        </Link>
        {token.id === viewer.id && <span className="badge">signed in with it</span>}
      </td>
      <td className="rights">{role ?? <span className="mono">{token.scopes.join(", ")}</span>}</td>
      <td>
        <code>…{token.lastFour}</code>
      </td>
      <td>
        <When at={token.createdAt} />
      </td>
      <td>
        <When at={token.lastUsedAt} />
      </td>
      <td>
        <When at={token.expiresAt} />
      </td>
      <td>
        <TokenStatus state={state} />
      </td>
      <td>
        {state === "VALID" && (
          <Button className="button small danger" aria-label={`Revoke ${visible(token.name)}`} onPress={revoke}>
            Revoke…
          </Button>
        )}
      </td>
    </tr>
  );
}
