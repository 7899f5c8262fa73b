import { useEffect, useRef, useState } from "react";
import type { WebhookFormFragment } from "../../gql/graphql";
import { hrefOf } from "../../ui/location";
import { useGuard } from "../../ui/useGuard";
import { afterSave, changesIn, formOf, unsendable, type Form } from "../form";
import { useSaving } from "../useSaving";
import { draftOf, dropDraft, keepDraft, type Draft } from "./drafts";

/** A part of the form as its fields see it. */
export interface Part {
  form: Form;
  set: (change: Partial<Form>) => void;
  /** The server's words by field. */
  fields: Record<string, string>;
  isDisabled: boolean;
}

/** What is typed, what it is told from, and the way to the server. What others save meanwhile does not touch it: the server refuses, and both versions are shown. */
export function useWebhookForm(webhook: WebhookFormFragment, read: () => void) {
  const kept = useState(() => draftOf(webhook.id))[0];
  const [base, setBase] = useState<WebhookFormFragment>(kept?.base ?? webhook);
  const [form, setForm] = useState(() => kept?.form ?? formOf(webhook));
  const { save, refuse, isBusy, isSaved, refused, forget } = useSaving(webhook.id);
  const before = formOf(base);
  const changes = changesIn(form, before);
  const isDirty = Object.keys(changes).length > 0;
  useGuard(isDirty);
  const latest = useRef({ isDirty, draft: { base, form } });
  latest.current = { isDirty, draft: { base, form } };
  useEffect(() => () => keepOrDrop(webhook.id, latest.current), [webhook.id]);
  const begin = (from: WebhookFormFragment) => {
    setBase(from);
    setForm(formOf(from));
    forget();
  };
  if (webhook.version > base.version && !isBusy) {
    // Nobody is editing: what others have saved is shown at once.
    if (!isDirty) begin(webhook);
    // Nothing of the form is different, such as after a rotated secret: nobody is in the way of it.
    else if (JSON.stringify(formOf(webhook)) === JSON.stringify(before)) setBase(webhook);
  }
  const submit = async (version: number | null, reason?: string) => {
    const broken = unsendable(form);
    if (Object.keys(broken).length) return refuse(broken);
    const saved = await save(changes, version, reason);
    if (!saved) return;
    // Secret values leave the page as soon as the server has them.
    setForm((now) => afterSave(now, form, formOf(saved)));
    setBase(saved);
    read();
  };
  const set = (change: Partial<Form>) => setForm((now) => ({ ...now, ...change }));
  return { base, before, form, set, changes, isDirty, isBusy, isSaved: isSaved && !isDirty, refused, begin, submit };
}

/** Keeps what is not saved while the page is still the webhook's; whoever left it was asked. */
function keepOrDrop(webhookId: string, { isDirty, draft }: { isDirty: boolean; draft: Draft }): void {
  if (isDirty && location.pathname === hrefOf(`/webhooks/${webhookId}`)) keepDraft(draft);
  else dropDraft(webhookId);
}
