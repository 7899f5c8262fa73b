import { useState } from "react";
import { Button } from "react-aria-components";
import { useClient } from "urql";
import { placedAt, wordsOf } from "../../api/problems";
import { useMay } from "../../frame/viewer";
import type { WebhookFormFragment } from "../../gql/graphql";
import { Copy } from "../../ui/Copy";
import { Dialog } from "../../ui/Dialog";
import { Field } from "../../ui/fields";
import { FormDialog } from "../../ui/FormDialog";
import { Select } from "../../ui/Select";
import { Refusals } from "../../ui/Trouble";
import { When } from "../../ui/When";
import { REVEAL_SECRET, ROTATE_SECRET } from "./documents";
import { snippetsFor } from "./snippets";

interface Props {
  webhook: WebhookFormFragment;
  read: () => void;
}

/** How requests are signed, the secret for those who may see it, and code for a receiver. */
export function Signing({ webhook, read }: Props) {
  const client = useClient();
  const may = useMay();
  const [words, setWords] = useState<string[]>([]);
  // Here alone, and gone with the dialog.
  const [secret, setSecret] = useState<string | null>(null);
  const [isRotating, setRotating] = useState(false);
  const { algorithm, publicKey, secrets } = webhook.signing;
  const reveal = async () => {
    const { data, error } = await client.mutation(REVEAL_SECRET, { input: { id: webhook.id } }).toPromise();
    setWords(wordsOf(error, data?.webhookSecretReveal?.userErrors));
    setSecret(data?.webhookSecretReveal?.secret ?? null);
  };
  return (
    <section aria-labelledby="signing">
      <h2 id="signing">Signing</h2>
      <Refusals words={words} />
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
        {secrets.map(({ createdAt, expiresAt }, at) => (
          <div key={createdAt}>
            <dt>{at ? "Earlier secret" : "Secret"}</dt>
            <dd>
              created <When at={createdAt} />
              {expiresAt && (
                <>
                  , valid until <When at={expiresAt} />
                </>
              )}
            </dd>
          </div>
        ))}
      </dl>
      <div className="buttons">
        <Button className="button" isDisabled={!may("secrets:read")} onPress={() => void reveal()}>
          Reveal secret
        </Button>
        <Button className="button" isDisabled={!may("webhooks:write")} onPress={() => setRotating(true)}>
          Rotate secret…
        </Button>
        {!may("secrets:read") && <span className="faint">Revealing needs the scope secrets:read.</span>}
      </div>
      <Snippets id={webhook.id} algorithm={algorithm} />
      {secret && <SecretDialog title="Signing secret" secret={secret} close={() => setSecret(null)} />}
      {isRotating && (
        <RotateDialog
          id={webhook.id}
          close={() => {
            setRotating(false);
            read();
          }}
        />
      )}
    </section>
  );
}

function SecretDialog({ title, secret, close }: { title: string; secret: string; close: () => void }) {
  return (
    <Dialog title={title} isOpen setOpen={close}>
      <p>Whoever has it can sign requests as this webhook. The audit log says that you have seen it.</p>
      <p className="secret">
        <code>{secret}</code>
        <Copy text={secret} label="secret" />
      </p>
      <Button className="button" slot="close">
        Close
      </Button>
    </Dialog>
  );
}

/** Adds a secret; the ones before it stay valid for a while, so that receivers can change over. */
function RotateDialog({ id, close }: { id: string; close: () => void }) {
  const client = useClient();
  const [overlap, setOverlap] = useState("1d");
  const [fields, setFields] = useState<Record<string, string>>({});
  const [words, setWords] = useState<string[]>([]);
  const [made, setMade] = useState<string | null | undefined>(undefined);
  const rotate = async () => {
    const { data, error } = await client.mutation(ROTATE_SECRET, { input: { id, overlap } }).toPromise();
    const result = placedAt(["overlap"], data?.webhookSecretRotate?.userErrors ?? []);
    setFields(result.fields);
    setWords([...wordsOf(error, undefined), ...result.rest]);
    if (data?.webhookSecretRotate && !data.webhookSecretRotate.userErrors.length && !error) setMade(data.webhookSecretRotate.secret ?? null);
  };
  if (made) return <SecretDialog title="New signing secret" secret={made} close={close} />;
  if (made === null) {
    return (
      <Dialog title="The secret was rotated" isOpen setOpen={close}>
        <p>Somebody with the scope secrets:read can reveal it.</p>
        <Button className="button" slot="close">
          Close
        </Button>
      </Dialog>
    );
  }
  return (
    <FormDialog title="Rotate the signing secret" action="Rotate" send={rotate} {...{ close, words }}>
      <p>A new secret is made. Until the overlap has passed each request carries a signature of the new and of the old one.</p>
      <Field label="Overlap" value={overlap} onChange={setOverlap} error={fields.overlap} help="0s to 7d. With 0s the old secret is void at once." isMono />
    </FormDialog>
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
