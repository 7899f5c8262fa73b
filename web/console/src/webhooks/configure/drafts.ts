// Forms with changes that are not saved, while their page shows another tab or the sign-in: in memory alone, without secrets that were typed.
import type { WebhookFormFragment } from "../../gql/graphql";
import type { Form } from "../form";

export interface Draft {
  /** What was read when editing began: changes are told from it, and saved under its version. */
  base: WebhookFormFragment;
  form: Form;
}

// By token, too: whoever signs in as somebody else does not get what the last one typed.
const drafts = new Map<string, Draft>();
const keyOf = (viewerId: string, webhookId: string) => `${viewerId} ${webhookId}`;

export const draftOf = (viewerId: string, webhookId: string): Draft | undefined => drafts.get(keyOf(viewerId, webhookId));

export function keepDraft(viewerId: string, { base, form }: Draft): void {
  const isSecret = (name: string) => base.headers.some((saved) => saved.name === name && saved.value === null);
  const headers = form.headers.map((row) => (isSecret(row.name) ? { ...row, value: null } : row));
  drafts.set(keyOf(viewerId, base.id), { base, form: { ...form, headers, secretValue: "", password: "" } });
}

export const dropDraft = (viewerId: string, webhookId: string): boolean => drafts.delete(keyOf(viewerId, webhookId));
