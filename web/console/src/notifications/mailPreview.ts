// What a mail about a webhook looks like, with the figures of an example. Pure.
import type { NotificationKind } from "../gql/graphql";

interface Example {
  subject: string;
  lines: string[];
}

const EXAMPLES: Readonly<Partial<Record<NotificationKind, [subject: string, message: string, advice: string]>>> = {
  AUTO_DISABLED: [
    "was turned off by itself",
    "Turned off by itself. 12 attempts failed in a row since 2026-11-24T10:00:00Z; the latest answer was 503. 7 deliveries are held until it is turned on again.",
    "Nothing is sent to it now, and what is open is kept. Mend the receiver, then turn it on again.",
  ],
  FAILING: [
    "keeps failing",
    "Keeps failing and will be turned off if that goes on. 6 attempts failed in a row since 2026-11-24T10:00:00Z; the latest answer was 503.",
    "Look at its latest attempts. If it goes on like this, the webhook is turned off by itself.",
  ],
  RECOVERED: ["works again", "Works again: the latest attempt succeeded.", "There is nothing to do."],
  DELIVERY_FAILED: ["has deliveries that failed for good", "3 deliveries failed for good: no attempt is left.", "Mend the receiver, then send them again."],
};

/** A mail of this kind about a webhook; null for a kind that is not about one. */
export function exampleOf(kind: NotificationKind, webhook: { id: string; name: string; slug: string; url: string }): Example | null {
  const found = EXAMPLES[kind];
  if (!found) return null;
  const [subject, message, advice] = found;
  return {
    subject: `[Hookline] Webhook ${webhook.name} ${subject}`,
    lines: [message, "", `Webhook: ${webhook.name} (${webhook.slug})`, `Id: ${webhook.id}`, `Host: ${hostOf(webhook.url)}`, "", advice],
  };
}

// Of the URL only the host stands in a mail: paths and queries hold secrets.
function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : "";
}
