import { Button } from "react-aria-components";
import { useClient, useQuery } from "urql";
import { useRef, useState } from "react";
import { problemOf, wordsOf } from "../api/problems";
import { useLive } from "../api/useLive";
import { useMay } from "../frame/viewer";
import type { AttemptRowFragment, OneAttemptQuery } from "../gql/graphql";
import { Copy } from "../ui/Copy";
import { Dialog } from "../ui/Dialog";
import { Link } from "../ui/Link";
import { withSearch } from "../ui/location";
import { Payload } from "../ui/Payload";
import { duration, span, visible } from "../ui/times";
import { Refusals, Skeleton, Trouble } from "../ui/Trouble";
import { When } from "../ui/When";
import { AttemptOutcome, causeWord, ofMost } from "./AttemptOutcome";
import { asCurl } from "./curl";
import { ATTEMPT, ATTEMPTS_LIVE, CANCEL } from "./documents";
import { ScopedButton } from "../ui/ScopedButton";

type Attempt = Extract<OneAttemptQuery["node"], { __typename: "Attempt" }>;
interface Props {
  id: string;
  retry: (deliveryId: string) => Promise<unknown>;
  words: readonly string[];
  close: () => void;
}

/** One attempt: what was sent, what came back, and the other attempts of its delivery. */
export function AttemptDrawer({ id, retry, words, close }: Props) {
  const hasWebhooks = useMay()("webhooks:read");
  const [{ data, error }, again] = useQuery({ query: ATTEMPT, variables: { id, hasWebhooks } });
  const problem = problemOf(error);
  const found = data?.node?.__typename === "Attempt" ? (data.node as Attempt) : null;
  const read = () => again({ requestPolicy: "network-only" });
  // From the first answer on: nothing falls between it and the subscription.
  const start = useRef<string | null | undefined>(undefined);
  start.current ??= found ? data?.liveCursor : undefined;
  // What is retried here shows its new attempt here.
  useLive<AttemptRowFragment>(ATTEMPTS_LIVE, {
    after: start.current,
    variables: { filter: { deliveryId: found?.delivery.id }, hasWebhooks: false },
    onNode: read,
    onGap: read,
  });
  return (
    <Dialog title={found ? visible(found.event.type) : "Attempt"} isOpen setOpen={close} isDrawer>
      <Refusals words={words} />
      {problem && <Trouble problem={problem} retry={read} />}
      {!data && !problem && <Skeleton />}
      {data && !found && <p>This attempt is not there, or not any more.</p>}
      {found && <Details attempt={found} retry={retry} read={read} />}
      <div className="buttons">
        <Button className="button" onPress={close}>
          Close
        </Button>
      </div>
    </Dialog>
  );
}

function Details({ attempt, retry, read }: { attempt: Attempt; retry: Props["retry"]; read: () => void }) {
  const client = useClient();
  const [refused, setRefused] = useState<string[]>([]);
  const { delivery } = attempt;
  const isOpen = ["PENDING", "HELD", "IN_PROGRESS"].includes(delivery.status);
  const cancel = async () => {
    const { data, error } = await client.mutation(CANCEL, { input: { id: delivery.id } }).toPromise();
    setRefused(wordsOf(error, data?.deliveryCancel?.userErrors));
    read();
  };
  return (
    <>
      <dl className="facts">
        <dt>Outcome</dt>
        <dd>
          <AttemptOutcome attempt={attempt} />
          {attempt.errorMessage && <span className="under">{visible(attempt.errorMessage)}</span>}
        </dd>
        {attempt.webhook && (
          <>
            <dt>Webhook</dt>
            <dd>
              <Link to={`/webhooks/${attempt.webhook.id}`}>{visible(attempt.webhook.name)}</Link>
            </dd>
          </>
        )}
        <dt>Event</dt>
        <dd>
          <Link to={`/events/${attempt.event.id}`}>
            <code>{attempt.event.id}</code>
          </Link>
        </dd>
        <dt>Attempt</dt>
        <dd>
          {ofMost(attempt)}, {causeWord(attempt.cause).toLowerCase()}
        </dd>
        <Timing attempt={attempt} />
        <dt>Delivery</dt>
        <dd>
          {delivery.status.replace("_", " ").toLowerCase()} <code>{delivery.id}</code> <Copy text={delivery.id} label="delivery id" />
          {delivery.nextAttemptAt && (
            <span className="under">
              next try <When at={delivery.nextAttemptAt} />
            </span>
          )}
        </dd>
      </dl>
      <Refusals words={refused} />
      <div className="buttons">
        <ScopedButton scope="deliveries:retry" className="button" onPress={() => void retry(delivery.id).then(read)}>
          Retry now
        </ScopedButton>
        {isOpen && (
          <ScopedButton scope="deliveries:retry" className="button" onPress={() => void cancel()}>
            Cancel delivery
          </ScopedButton>
        )}
      </div>
      <div className="exchange">
        <section>
          <h3>
            Request <Copy text={asCurl(attempt)} label="as cURL" isLabelShown />
          </h3>
          <p>
            <code>POST {visible(attempt.requestUrl ?? "unknown")}</code>
          </p>
          <Headers headers={attempt.requestHeaders} />
          <Payload text={attempt.requestBody} missing="The body is not kept any more." label="Body of the request" />
        </section>
        <section>
          <h3>Response</h3>
          {attempt.statusCode && (
            <p>
              <code>HTTP {attempt.statusCode}</code>
              {attempt.durationMs !== null && ` after ${duration(attempt.durationMs)}`}
            </p>
          )}
          <Headers headers={attempt.responseHeaders} />
          <Payload text={attempt.responseBody} base64={attempt.responseBodyBase64} missing="There was no response." label="Body of the response" />
          {attempt.responseTruncated && <p className="faint">Only its first 16 KiB are kept.</p>}
        </section>
      </div>
      <section>
        <h3>All attempts of this delivery</h3>
        <ol className="timeline">
          {delivery.attempts.nodes.map((one) => (
            <li key={one.id} aria-current={one.id === attempt.id ? "true" : undefined}>
              <Link to={withSearch({ attempt: one.id })}>Attempt {one.number}</Link> <AttemptOutcome attempt={one} />{" "}
              <span className="faint">{causeWord(one.cause)}</span> <When at={one.startedAt} /> <span className="faint">{duration(one.durationMs)}</span>
            </li>
          ))}
        </ol>
      </section>
    </>
  );
}

/** When the event was published, and how long after it the attempt began and ended. */
function Timing({ attempt }: { attempt: Attempt }) {
  const { event, startedAt, durationMs } = attempt;
  const isBegunKnown = attempt.outcome !== "UNKNOWN";
  // Two processes' clocks may differ.
  const waited = Math.max(0, Date.parse(startedAt) - Date.parse(event.receivedAt));
  return (
    <>
      <dt>Timing</dt>
      <dd>
        {isBegunKnown ? "Begun" : "Recorded"} <When at={startedAt} />, {span(waited)} after the event was published
        {durationMs !== null && durationMs !== undefined && `; took ${duration(durationMs)}`}
      </dd>
    </>
  );
}

function Headers({ headers }: { headers?: readonly { name: string; value?: string | null }[] | null }) {
  if (!headers?.length) return null;
  return (
    <dl className="facts headers">
      {headers.map(({ name, value }, at) => (
        <div key={at}>
          <dt>
            <code>{visible(name)}</code>
          </dt>
          <dd>{value === null || value === undefined ? <span className="faint">secret</span> : <code>{visible(value)}</code>}</dd>
        </div>
      ))}
    </dl>
  );
}
