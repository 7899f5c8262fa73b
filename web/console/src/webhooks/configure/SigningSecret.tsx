import { useState } from "react";
import { Button } from "react-aria-components";
import { useClient } from "urql";
import { wordsOf } from "../../api/problems";
import { useMay } from "../../frame/viewer";
import { Refusals } from "../../ui/Trouble";
import { When } from "../../ui/When";
import { REVEAL_SECRET } from "./documents";
import { RotateDialog, SecretDialog } from "./SecretDialogs";
import { AS_MADE, type Webhook } from "../types";
import { ScopedButton } from "../../ui/ScopedButton";

interface Props {
  webhook: Webhook;
  read: () => void;
}

/** The secret that requests are signed with: since when, shown to those who may see it, and changed. */
export function SigningSecret({ webhook, read }: Props) {
  const client = useClient();
  const may = useMay();
  const [words, setWords] = useState<string[]>([]);
  // Here alone, and gone with the dialog.
  const [secret, setSecret] = useState<string | null>(null);
  const [isRotating, setRotating] = useState(false);
  const reveal = async () => {
    const { data, error } = await client.mutation(REVEAL_SECRET, { input: { id: webhook.id } }).toPromise();
    setWords(wordsOf(error, data?.webhookSecretReveal?.userErrors));
    setSecret(data?.webhookSecretReveal?.secret ?? null);
  };
  return (
    <fieldset>
      <legend className="label">Signing secret</legend>
      <Refusals words={words} />
      {webhook.signing.secrets.map(({ createdAt, expiresAt }, at) => (
        <span key={createdAt} className={at ? "faint" : undefined}>
          {at ? "An earlier one, created" : "Created"} <When at={createdAt} />
          {expiresAt && (
            <>
              , ends <When at={expiresAt} />
            </>
          )}
        </span>
      ))}
      <div className="buttons">
        <Button className="button" isDisabled={!may("secrets:read")} onPress={() => void reveal()}>
          Reveal secret
        </Button>
        <ScopedButton scope="webhooks:write" refusal={webhook.listener ? AS_MADE : undefined} className="button" onPress={() => setRotating(true)}>
          Rotate secret…
        </ScopedButton>
        {!may("secrets:read") && <span className="faint">Revealing needs the scope secrets:read.</span>}
      </div>
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
    </fieldset>
  );
}
