import { useState } from "react";
import { Button } from "react-aria-components";
import { useClient } from "urql";
import { placedAt, wordsOf } from "../../api/problems";
import { Copy } from "../../ui/Copy";
import { Dialog } from "../../ui/Dialog";
import { Field } from "../../ui/fields";
import { FormDialog } from "../../ui/FormDialog";
import { ROTATE_SECRET } from "./documents";

/** A secret in clear text; it leaves the page with its dialog. */
export function SecretDialog({ title, secret, close }: { title: string; secret: string; close: () => void }) {
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
export function RotateDialog({ id, close }: { id: string; close: () => void }) {
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
