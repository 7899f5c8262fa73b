// Forms with changes that are not saved, while their page shows another tab or the sign-in: in memory alone, without secrets that were typed.
import type { WebhookFormFragment } from "../../gql/graphql";
import type { Form } from "../form";

export interface Draft {
  /** What was read when editing began: changes are told from it, and saved under its version. */
  base: WebhookFormFragment;
  form: Form;
}

// Whatever the token: who signs in again, as the last one was revoked, has another one.
const drafts = new Map<string, Draft>();

export const draftOf = (webhookId: string): Draft | undefined => drafts.get(webhookId);

export function keepDraft({ base, form }: Draft): void {
  const isSecret = (name: string) => base.headers.some((saved) => saved.name === name && saved.value === null);
  const headers = form.headers.map((row) => (isSecret(row.name) ? { ...row, value: null } : row));
  drafts.set(base.id, { base, form: { ...form, headers, secretValue: "", password: "" } });
}

export const dropDraft = (webhookId: string): boolean => drafts.delete(webhookId);
