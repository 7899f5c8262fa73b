import { useState } from "react";
import { Button, Switch } from "react-aria-components";
import { useClient, useMutation } from "urql";
import { wordsOf } from "../api/problems";
import { useMay } from "../frame/viewer";
import type { WebhookRowFragment } from "../gql/graphql";
import { Dialog } from "../ui/Dialog";
import { visible } from "../ui/times";
import { SET_ACTIVE, WEBHOOK_MISSED } from "./documents";
import { Managed } from "./Managed";
import { MissedDialog, type Missed } from "./MissedDialog";

/** Turns a webhook on and off at once; asks only if it missed something. What the server refuses is taken back, with its words. */
export function Toggle({ webhook }: { webhook: WebhookRowFragment }) {
  const client = useClient();
  const may = useMay();
  const [, setActive] = useMutation(SET_ACTIVE);
  const [wanted, setWanted] = useState<boolean | null>(null);
  const [missed, setMissed] = useState<Missed | null>(null);
  const [words, setWords] = useState<string[]>([]);
  const [isManaged, setManaged] = useState(false);
  const mayWrite = may("webhooks:write");
  const why = webhook.listener ? "A listener is on until its command ends" : mayWrite ? undefined : "Needs the scope webhooks:write";
  // The status, not `active`: that stays set where a webhook was disabled automatically.
  const isOn = wanted ?? webhook.status === "ACTIVE";

  const turn = async (active: boolean, more: { reason?: string; deliverMissed?: boolean } = {}) => {
    setWanted(active);
    const force = more.reason ? { force: true } : {};
    const { data, error } = await setActive({ input: { id: webhook.id, active, ...more, ...force } });
    const userErrors = data?.webhookSetActive?.userErrors;
    setWanted(null);
    setManaged(Boolean(userErrors?.some(({ code }) => code === "FIELD_MANAGED")));
    setWords(wordsOf(error, userErrors));
  };
  const ask = async (active: boolean) => {
    if (!active || !may("deliveries:read")) return turn(active);
    setWanted(true);
    const read = async (since: string | null) =>
      (await client.query(WEBHOOK_MISSED, { id: webhook.id, since }, { requestPolicy: "network-only" }).toPromise()).data?.webhook?.missed;
    const newest = (await read(null))?.nodes[0];
    // Turning on delivers what it missed since it went off this time; earlier events are not of those.
    const found = newest && !newest.offUntil ? await read(newest.offSince) : undefined;
    // An answer that is lost is no reason to leave it off: what it missed can be delivered later, too.
    if (!found?.deliverableCount) return turn(true);
    setMissed(found);
  };
  const choose = (deliverMissed: boolean | null) => {
    setMissed(null);
    if (deliverMissed === null) setWanted(null);
    else void turn(true, { deliverMissed });
  };
  const close = () => setWords([]);
  return (
    <>
      <Switch
        className="switch"
        aria-label={`${webhook.name}: on`}
        isSelected={isOn}
        isDisabled={why !== undefined}
        onChange={(active) => void ask(active)}
      >
        <span className="track" title={why} />
      </Switch>
      {missed && <MissedDialog name={webhook.name} missed={missed} choose={choose} />}
      <Dialog title={`${visible(webhook.name)} was not changed`} isOpen={words.length > 0} setOpen={close}>
        {words.map((text) => (
          <p key={text}>{text}</p>
        ))}
        {isManaged && <Managed webhook={webhook} force={(reason) => void turn(webhook.status !== "ACTIVE", { reason })} />}
        <Button className="button" onPress={close}>
          Close
        </Button>
      </Dialog>
    </>
  );
}
