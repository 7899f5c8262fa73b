import { useState } from "react";
import type { WebhookFormFragment } from "../../gql/graphql";
import { Copy } from "../../ui/Copy";
import { Select } from "../../ui/Select";
import { snippetsFor } from "./snippets";

/** How requests are signed, and code for a receiver. The secret stands beside the URL. */
export function Signing({ webhook }: { webhook: WebhookFormFragment }) {
  const { algorithm, publicKey } = webhook.signing;
  return (
    <section aria-labelledby="signing">
      <h2 id="signing">Signing</h2>
      <dl className="facts">
        <dt>Algorithm</dt>
        <dd>{algorithm === "ED25519" ? "Ed25519" : "HMAC-SHA256"} (Standard Webhooks)</dd>
        {publicKey && (
          <>
            <dt>Public key</dt>
            <dd>
              <code>{publicKey}</code> <Copy text={publicKey} label="public key" />
            </dd>
          </>
        )}
      </dl>
      <Snippets id={webhook.id} algorithm={algorithm} />
    </section>
  );
}

function Snippets({ id, algorithm }: { id: string; algorithm: WebhookFormFragment["signing"]["algorithm"] }) {
  const snippets = snippetsFor(algorithm);
  const [wanted, setWanted] = useState(snippets[0]![0]);
  const [, code] = snippets.find(([name]) => name === wanted) ?? snippets[0]!;
  return (
    <>
      <h3>Verify in a receiver</h3>
      <Select label="Language" isLabelShown value={wanted} onChange={setWanted} options={snippets.map(([name]): [string, string] => [name, name])} />
      <pre className="payload" role="region" aria-label="Code that verifies" tabIndex={0}>
        {code(id)}
      </pre>
      <div className="buttons">
        <Copy text={code(id)} label="code" />
      </div>
    </>
  );
}
