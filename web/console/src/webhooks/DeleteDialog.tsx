import { useState } from "react";
import { Button, Form, Input, Label, TextField } from "react-aria-components";
import { useMutation } from "urql";
import { wordsOf } from "../api/problems";
import { useFrame } from "../frame/viewer";
import type { WebhookRowFragment } from "../gql/graphql";
import { Dialog } from "../ui/Dialog";
import { Refusals } from "../ui/Trouble";
import { visible } from "../ui/times";
import { DELETE_WEBHOOK } from "./documents";
import { Managed } from "./Managed";

const DAY = 86_400_000;

interface Props {
  webhook: WebhookRowFragment;
  isOpen: boolean;
  setOpen: (isOpen: boolean) => void;
  onDeleted: () => void;
}

/** Asks for the slug, and says what is lost. */
export function DeleteDialog({ webhook, isOpen, setOpen, onDeleted }: Props) {
  const [typed, setTyped] = useState("");
  const [words, setWords] = useState<string[]>([]);
  const [isManaged, setManaged] = useState(false);
  const [, remove] = useMutation(DELETE_WEBHOOK);
  const { attemptDays } = useFrame().server.retention;
  const open = webhook.health.backlog;
  const until = new Date(Date.now() + attemptDays * DAY);
  const confirm = async (reason?: string) => {
    const force = reason ? { force: true, reason } : {};
    const { data, error } = await remove({ input: { id: webhook.id, ifVersion: webhook.version, ...force } });
    const userErrors = data?.webhookDelete?.userErrors;
    const refused = wordsOf(error, userErrors);
    setManaged(Boolean(userErrors?.some(({ code }) => code === "FIELD_MANAGED")));
    setWords(refused);
    if (refused.length) return;
    setOpen(false);
    onDeleted();
  };
  return (
    <Dialog title={`Delete ${visible(webhook.name)}?`} isOpen={isOpen} setOpen={setOpen}>
      <p>
        {open === 0 ? "No open delivery is lost." : `${open.toLocaleString()} open ${open === 1 ? "delivery is" : "deliveries are"} cancelled.`} Its
        log is kept until {until.toLocaleDateString(undefined, { dateStyle: "medium" })}.
      </p>
      <Refusals words={words} />
      {isManaged && typed === webhook.slug && <Managed webhook={webhook} force={(reason) => void confirm(reason)} />}
      <Form
        onSubmit={(event) => {
          event.preventDefault();
          if (typed === webhook.slug) void confirm();
        }}
      >
        <TextField value={typed} onChange={setTyped} autoFocus autoComplete="off">
          <Label>
            Type <code>{webhook.slug}</code> to delete it
          </Label>
          <Input className="mono" spellCheck={false} />
        </TextField>
        <div className="buttons">
          <Button type="submit" className="button danger" isDisabled={typed !== webhook.slug}>
            Delete
          </Button>
          <Button className="button" slot="close">
            Keep it
          </Button>
        </div>
      </Form>
    </Dialog>
  );
}
