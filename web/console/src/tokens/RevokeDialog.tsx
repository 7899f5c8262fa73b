import { useState } from "react";
import { Button } from "react-aria-components";
import { useClient } from "urql";
import { wordsOf } from "../api/problems";
import { useFrame } from "../frame/viewer";
import type { TokenRowFragment } from "../gql/graphql";
import { Dialog } from "../ui/Dialog";
import { Refusals } from "../ui/Trouble";
import { visible } from "../ui/times";
import { When } from "../ui/When";
import { REVOKE_TOKEN } from "./documents";
import { stopsOf } from "./rights";

interface Props {
  token: TokenRowFragment;
  close: () => void;
  onRevoked: () => void;
}

/** Says what stops, and revokes. */
export function RevokeDialog({ token, close, onRevoked }: Props) {
  const client = useClient();
  const { viewer } = useFrame();
  const [words, setWords] = useState<string[]>([]);
  const [isBusy, setBusy] = useState(false);
  const revoke = async () => {
    setBusy(true);
    const { data, error } = await client.mutation(REVOKE_TOKEN, { input: { id: token.id } }).toPromise();
    setBusy(false);
    const refused = wordsOf(error, data?.tokenRevoke?.userErrors);
    setWords(refused);
    if (refused.length) return;
    close();
    onRevoked();
  };
  return (
    <Dialog title={`Revoke ${visible(token.name)}?`} isOpen setOpen={close}>
      <p>
        All servers refuse <code>…{token.lastFour}</code> within a second, for good. Last used: <When at={token.lastUsedAt} />.
      </p>
      <ul>
        {stopsOf(token.scopes).map((text) => (
          <li key={text}>{text[0]!.toUpperCase() + text.slice(1)}.</li>
        ))}
      </ul>
      {token.id === viewer.id && (
        <p>
          <strong>You are signed in with this token: you will be signed out.</strong>
        </p>
      )}
      <Refusals words={words} />
      <div className="buttons">
        <Button className="button danger" onPress={() => void (isBusy || revoke())}>
          {isBusy ? "Revoking…" : "Revoke"}
        </Button>
        <Button className="button" slot="close" autoFocus>
          Keep it
        </Button>
      </div>
    </Dialog>
  );
}
