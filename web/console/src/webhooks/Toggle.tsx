import { useState } from "react";
import { Button, Switch } from "react-aria-components";
import { useMutation } from "urql";
import { wordsOf } from "../api/problems";
import { useMay } from "../frame/viewer";
import type { WebhookRowFragment } from "../gql/graphql";
import { Dialog } from "../ui/Dialog";
import { SET_ACTIVE } from "./documents";
import { Managed } from "./Managed";

/** Turns a webhook on and off at once. What the server refuses is taken back, with its words. */
export function Toggle({ webhook }: { webhook: WebhookRowFragment }) {
  const [, setActive] = useMutation(SET_ACTIVE);
  const [wanted, setWanted] = useState<boolean | null>(null);
  const [words, setWords] = useState<string[]>([]);
  const [isManaged, setManaged] = useState(false);
  const mayWrite = useMay()("webhooks:write");
  // The status, not `active`: that stays set where a webhook was disabled automatically.
  const isOn = wanted ?? webhook.status === "ACTIVE";
  const turn = async (active: boolean, reason?: string) => {
    setWanted(active);
    const force = reason ? { force: true, reason } : {};
    const { data, error } = await setActive({ input: { id: webhook.id, active, ...force } });
    const userErrors = data?.webhookSetActive?.userErrors;
    setWanted(null);
    setManaged(Boolean(userErrors?.some(({ code }) => code === "FIELD_MANAGED")));
    setWords(wordsOf(error, userErrors));
  };
  const close = () => setWords([]);
  return (
    <>
      <Switch
        className="switch"
        aria-label={`${webhook.name}: on`}
        isSelected={isOn}
        isDisabled={!mayWrite}
        onChange={(active) => void turn(active)}
      >
        <span className="track" title={mayWrite ? undefined : "Needs the scope webhooks:write"} />
      </Switch>
      <Dialog title={`${webhook.name} was not changed`} isOpen={words.length > 0} setOpen={close}>
        {words.map((text) => (
          <p key={text}>{text}</p>
        ))}
        {isManaged && <Managed webhook={webhook} force={(reason) => void turn(webhook.status !== "ACTIVE", reason)} />}
        <Button className="button" onPress={close}>
          Close
        </Button>
      </Dialog>
    </>
  );
}
