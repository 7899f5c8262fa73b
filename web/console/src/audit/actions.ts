// Operations of the audit log in people's words, and the choices of its filter. Pure.
const WORDS: Readonly<Record<string, string>> = {
  "webhook.create": "Webhook created",
  "webhook.update": "Webhook changed",
  "webhook.delete": "Webhook deleted",
  "webhook.test": "Test sent",
  "webhook.release": "Webhook released from its file",
  "webhook.secretReveal": "Signing secret revealed",
  "webhook.secretRotate": "Signing secret rotated",
  "webhook.move": "Webhook got another slug by its file",
  "webhook.disable": "Webhook disabled by its file",
  "delivery.retry": "Delivery sent again",
  "delivery.cancel": "Delivery cancelled",
  "deliveries.retry": "Deliveries sent again",
  "job.cancel": "Job cancelled",
  "eventType.save": "Event type saved",
  "eventType.delete": "Event type deleted",
  "token.create": "Token created",
  "token.revoke": "Token revoked",
  "token.reveal": "Sign-in link used",
  "workspace.update": "Workspace changed",
};

/** Choices of the filter by the value that the address holds: one operation, or all whose names begin so. */
export const CHOICES: readonly (readonly [value: string, text: string])[] = [
  ["", "Any action"],
  ["webhook.", "Anything with a webhook"],
  ["token.", "Anything with a token"],
  ["eventType.", "Anything with an event type"],
  ["deliver", "Anything with a delivery"],
  ...Object.entries(WORDS),
];

export const wordsOf = (action: string): string => WORDS[action] ?? action;

/** The exact operations of a choice; null for any. */
export function actionsOf(choice: string | null): string[] | null {
  if (!choice) return null;
  if (choice in WORDS) return [choice];
  const begun = Object.keys(WORDS).filter((action) => action.startsWith(choice));
  return begun.length ? begun : [choice];
}

/** Ways by which a change was made. */
export const SOURCES: Readonly<Record<string, string>> = {
  CONSOLE: "Console",
  API: "API",
  SYNC: "Webhooks file",
  SYSTEM: "Hookline",
};
