import { useRef, useState } from "react";
import { useClient, useQuery } from "urql";
import { problemOf, wordsOf } from "../api/problems";
import { useLive } from "../api/useLive";
import { useFrame } from "../frame/viewer";
import { Link } from "../ui/Link";
import { ScopedButton } from "../ui/ScopedButton";
import { visible } from "../ui/times";
import { Refusals, Skeleton, Trouble } from "../ui/Trouble";
import { When } from "../ui/When";
import { NOTIFICATION_LIVE, TEST_MAIL, WEBHOOK_MAILS } from "./documents";
import { EmailReceipts, KINDS } from "./EmailReceipts";
import { useMails } from "./useMails";

/** The latest notifications about a webhook, what became of their mails, and a mail to try. */
export function WebhookMails({ webhook }: { webhook: { id: string; notificationEmails: readonly string[] } }) {
  const { id } = webhook;
  const { server } = useFrame();
  const [{ data, error }, again] = useQuery({ query: WEBHOOK_MAILS, variables: { id } });
  const read = () => again({ requestPolicy: "network-only" });
  const start = useRef<string | null | undefined>(undefined);
  start.current ??= data?.liveCursor;
  useLive(NOTIFICATION_LIVE, { after: start.current, onNode: read, onGap: read });
  const found = data?.notifications?.nodes ?? [];
  useMails(found, read);
  const problem = problemOf(error);
  return (
    <section>
      <h2>Latest notifications</h2>
      {!server.hasMailServer && <p className="faint">This server has no mail server: each mail is written as a file into its outbox folder.</p>}
      <TestMail id={id} hasAddress={webhook.notificationEmails.length > 0} read={read} />
      {problem && <Trouble problem={problem} retry={read} />}
      {!data && !problem && <Skeleton rows={3} />}
      {data && !found.length && <p className="faint">There was none yet.</p>}
      <ul className="plain-list after">
        {found.map((one) => (
          <li key={one.id}>
            <span>
              {KINDS[one.kind]} <When at={one.createdAt} />
              <span className="under">{visible(one.message)}</span>
            </span>
            <EmailReceipts emails={one.emails} />
          </li>
        ))}
      </ul>
      {found.length > 0 && <Link to={`/notifications?webhook=${id}`}>All notifications about it</Link>}
    </section>
  );
}

function TestMail({ id, hasAddress, read }: { id: string; hasAddress: boolean; read: () => void }) {
  const client = useClient();
  const [words, setWords] = useState<string[]>([]);
  const [isBusy, setBusy] = useState(false);
  const send = async () => {
    if (isBusy) return;
    setBusy(true);
    const { data, error } = await client.mutation(TEST_MAIL, { input: { id } }).toPromise();
    setBusy(false);
    setWords(wordsOf(error, data?.webhookTestMail?.userErrors));
    read();
  };
  return (
    <>
      <div className="buttons">
        <ScopedButton scope="webhooks:write" className="button" isDisabled={!hasAddress} onPress={() => void send()}>
          {isBusy ? "Sending…" : "Send a test mail"}
        </ScopedButton>
        {!hasAddress && <span className="faint">Save an address first.</span>}
      </div>
      <Refusals words={words} />
    </>
  );
}
