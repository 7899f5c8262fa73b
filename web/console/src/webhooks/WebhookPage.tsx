import { useEffect, useRef, useState } from "react";
import { Tab, TabList, TabPanel, Tabs } from "react-aria-components";
import { useClient, useQuery } from "urql";
import { problemOf, wordsOf } from "../api/problems";
import { useLive } from "../api/useLive";
import { AttemptLog } from "../activity/AttemptLog";
import { FILTER_NAMES } from "../activity/filters";
import { useMay } from "../frame/viewer";
import type { WebhookChangesSubscription } from "../gql/graphql";
import { Bars } from "../ui/Bars";
import { setPath } from "../sync/values";
import { Link } from "../ui/Link";
import { LacksScope } from "../ui/NeedsScope";
import { go, usePlace, withSearch } from "../ui/location";
import { WebhookStatus } from "../ui/Status";
import { duration, visible } from "../ui/times";
import { Refusals, Skeleton, Trouble } from "../ui/Trouble";
import { When } from "../ui/When";
import { Actions } from "./Actions";
import { ChangesTab } from "./ChangesTab";
import { ConfigureTab } from "./ConfigureTab";
import { WEBHOOK_CHANGES } from "./documents";
import { EmailTab } from "./EmailTab";
import { TEST_WEBHOOK, WEBHOOK } from "./page-documents";
import { Toggle } from "./Toggle";
import type { Webhook } from "./types";
import { Title } from "../ui/Title";
import { ScopedButton } from "../ui/ScopedButton";

type Changed = NonNullable<WebhookChangesSubscription["webhookChanges"]["node"]>;

const HOUR = 3_600_000;
const NO_FILTERS = Object.fromEntries(FILTER_NAMES.map((name) => [name, null]));

/** One webhook: its state and what to do about it, and tabs. */
export default function WebhookPage({ id }: { id: string }) {
  const may = useMay();
  const [since] = useState(() => new Date(Math.floor(Date.now() / HOUR - 23) * HOUR).toISOString());
  const [{ data, error }, again] = useQuery({ query: WEBHOOK, variables: { id, since, hasLog: may("deliveries:read") } });
  const read = () => again({ requestPolicy: "network-only" });
  const start = useRef<string | null | undefined>(undefined);
  start.current ??= data?.liveCursor;
  useLive<Changed>(WEBHOOK_CHANGES, { after: start.current, onNode: (node) => node.id === id && read(), onGap: read });
  const problem = problemOf(error);
  const webhook = data?.webhook;
  useEffect(() => {
    if (webhook) document.title = `${webhook.name}: Hookline`;
  }, [webhook]);
  return (
    <main id="main">
      {problem && <Trouble problem={problem} retry={read} />}
      {!data && !problem && <Skeleton />}
      {data && !webhook && <Title>There is no webhook {id}</Title>}
      {webhook && <Header webhook={webhook} read={read} />}
      {webhook && <Sections webhook={webhook} read={read} />}
    </main>
  );
}

function Header({ webhook, read }: { webhook: Webhook; read: () => void }) {
  const hasChanges = useHasChanges();
  const hasLog = useMay()("deliveries:read");
  const { health, managedBy } = webhook;
  const latencies = (webhook.stats ?? []).flatMap(({ p95Ms }) => p95Ms ?? []);
  return (
    <>
      <div className="head">
        <Link to="/webhooks">Webhooks</Link>
        <span className="faint">/</span>
        <Title>{visible(webhook.name)}</Title>
        <Toggle webhook={webhook} />
        <WebhookStatus status={webhook.status} />
        {managedBy && (
          <Link to={setPath(managedBy.set)} className="badge" aria-label={`yaml: the set ${visible(managedBy.set)}`}>
            yaml
          </Link>
        )}
        {webhook.listener && <span className="badge">listener</span>}
        <span className="push" />
        <SendTest id={webhook.id} />
        {!webhook.deletedAt && <Actions webhook={webhook} reload={read} onDeleted={() => go("/webhooks")} isOnPage />}
      </div>
      {health.autoDisabledAt && (
        <div className="trouble">
          <p>
            {health.autoDisabledReason} <When at={health.autoDisabledAt} />. Mend the receiver, send a test, then switch it on.
          </p>
        </div>
      )}
      {webhook.status === "ACTIVE" && health.failingSince && (
        <div className="trouble">
          <p>
            Its attempts have failed since <When at={health.failingSince} />.{" "}
            {hasLog && <Link to={withSearch({ ...NO_FILTERS, tab: "activity", outcome: "FAILED" })}>See what came back</Link>}
            {hasLog ? ", mend" : "Mend"} the receiver, then retry what failed from the menu above.
          </p>
        </div>
      )}
      {webhook.status === "INACTIVE" && (
        <p className="faint">
          It is off: nothing is sent. {hasChanges && <Link to={withSearch({ ...NO_FILTERS, tab: "changes" })}>Who turned it off</Link>}
        </p>
      )}
      {health.secretsError && <Refusals words={[health.secretsError]} />}
      {webhook.listener && !webhook.deletedAt && (
        <p className="faint">
          <code>hookline listen</code> takes its requests on somebody's machine. It ends with the command, and can be deleted but not changed.
        </p>
      )}
      {managedBy && (
        <p className="faint">
          <code>
            {visible(managedBy.file ?? managedBy.set)}
            {managedBy.line ? `:${managedBy.line}` : ""}
          </code>{" "}
          owns {managedBy.lockedFields.join(", ")}: change these there.
          {managedBy.ignoredFields.length > 0 && ` It leaves ${managedBy.ignoredFields.join(", ")} to people.`}
        </p>
      )}
      <dl className="figures">
        <div>
          <dt>Last 24 hours</dt>
          <dd>{webhook.stats ? <Bars buckets={webhook.stats} label="Attempts in the last 24 hours" /> : "not for this token"}</dd>
        </div>
        <div>
          <dt>Slowest p95 of an hour</dt>
          <dd>{latencies.length ? duration(Math.max(...latencies)) : <span className="faint">none</span>}</dd>
        </div>
        <div>
          <dt>Open deliveries</dt>
          <dd>{health.backlog}</dd>
        </div>
        <div>
          <dt>Failing since</dt>
          <dd>{health.failingSince ? <When at={health.failingSince} /> : <span className="faint">not failing</span>}</dd>
        </div>
      </dl>
    </>
  );
}

function SendTest({ id }: { id: string }) {
  const client = useClient();
  const [words, setWords] = useState<string[]>([]);
  const [isBusy, setBusy] = useState(false);
  const send = async () => {
    if (isBusy) return;
    setBusy(true);
    const { data, error } = await client.mutation(TEST_WEBHOOK, { input: { id } }).toPromise();
    setBusy(false);
    setWords(wordsOf(error, data?.webhookTest?.userErrors));
    const attempt = data?.webhookTest?.attempt?.id;
    if (attempt) go(withSearch({ tab: "activity", attempt }));
  };
  return (
    <>
      <ScopedButton scope="webhooks:write" className="button" onPress={() => void send()}>
        {isBusy ? "Sending…" : "Send test"}
      </ScopedButton>
      <Refusals words={words} />
    </>
  );
}

function useHasChanges(): boolean {
  const may = useMay();
  return may("webhooks:audit") || may("audit:read");
}

function Sections({ webhook, read }: { webhook: Webhook; read: () => void }) {
  const { search } = usePlace();
  const may = useMay();
  const hasLog = may("deliveries:read");
  const hasChanges = useHasChanges();
  const tab = search.get("tab") ?? (hasLog ? "activity" : "configure");
  return (
    <Tabs selectedKey={tab} onSelectionChange={(key) => go(withSearch({ ...NO_FILTERS, tab: String(key) }))}>
      <TabList className="tabs" aria-label="Webhook">
        <Tab id="configure">Configure</Tab>
        <ScopedTab id="activity" may={hasLog} scope="deliveries:read">
          Activity Log
        </ScopedTab>
        <Tab id="email">Email Notification</Tab>
        <ScopedTab id="changes" may={hasChanges} scope="webhooks:audit">
          Changes
        </ScopedTab>
      </TabList>
      <TabPanel id="configure" className="panel">
        <ConfigureTab key={webhook.id} webhook={webhook} read={read} />
      </TabPanel>
      <TabPanel id="activity" className="panel">
        {hasLog ? <AttemptLog webhookId={webhook.id} most={webhook.retry.schedule.length + 1} /> : <LacksScope scope="deliveries:read" />}
      </TabPanel>
      <TabPanel id="email" className="panel">
        <EmailTab webhook={webhook} read={read} />
      </TabPanel>
      <TabPanel id="changes" className="panel">
        {hasChanges ? <ChangesTab id={webhook.id} /> : <LacksScope scope="webhooks:audit" />}
      </TabPanel>
    </Tabs>
  );
}

function ScopedTab({ id, may, scope, children }: { id: string; may: boolean; scope: string; children: string }) {
  return (
    <Tab id={id} isDisabled={!may}>
      {may ? (
        children
      ) : (
        <span title={`Needs the scope ${scope}`}>
          {children}
          <span className="hidden">, needs the scope {scope}</span>
        </span>
      )}
    </Tab>
  );
}
