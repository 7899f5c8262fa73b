import type { NotificationKind, NotificationListQuery } from "../gql/graphql";
import type { IconName } from "../ui/icons";
import { Status, type Tone } from "../ui/Status";
import { visible } from "../ui/times";
import { When } from "../ui/When";

type Receipt = NonNullable<NotificationListQuery["notifications"]>["nodes"][number]["emails"][number];

/** What a notification says, in a few words. */
export const KINDS: Readonly<Record<NotificationKind, string>> = {
  AUTO_DISABLED: "Disabled automatically",
  FAILING: "Began to fail",
  RECOVERED: "Works again",
  DELIVERY_FAILED: "Delivery failed for good",
  SYNC_FAILED: "Webhooks file not applied",
  TEST: "Test mail",
  SOURCE_DEGRADED: "Followed files not applied",
  SOURCE_RECOVERED: "Followed files applied again",
};

const MAILS: Readonly<Record<string, [Tone, IconName, string]>> = {
  SENT: ["good", "check", "Sent"],
  FAILED: ["bad", "cross", "Failed"],
  PENDING: ["calm", "clock", "Pending"],
  HELD: ["calm", "pause", "Held"],
  UNCONFIRMED: ["warn", "question", "Not confirmed"],
};

/** Mails that are still to be sent: what becomes of them changes without a word by the socket. */
export const isWaiting = ({ status }: Receipt) => status === "PENDING" || status === "HELD";

/** The mails of a notification: to whom, and what became of each. */
export function EmailReceipts({ emails }: { emails: readonly Receipt[] }) {
  if (!emails.length) return <span className="faint">nobody</span>;
  return (
    <ul className="plain-list receipts">
      {emails.map((email) => (
        <li key={email.address}>
          {visible(email.address)} <EmailStatus status={email.status} isFile={Boolean(email.file)} /> {email.sentAt && <When at={email.sentAt} />}
          {email.error && <span className="under">{visible(email.error)}</span>}
          {email.file && <span className="under">In the outbox folder: {visible(email.file)}</span>}
        </li>
      ))}
    </ul>
  );
}

// A file in the outbox is what a server without a mail server is meant to make of a mail.
function EmailStatus({ status, isFile }: { status: string; isFile: boolean }) {
  const [tone, icon, word] = MAILS[status] ?? ["calm", "question", status];
  return (
    <Status tone={tone} icon={icon}>
      {isFile ? "Written to a file" : word}
    </Status>
  );
}
