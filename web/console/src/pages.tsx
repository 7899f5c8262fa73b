import { lazy, useEffect } from "react";
import { Link } from "./ui/Link";
import { usePlace } from "./ui/location";
import { visible } from "./ui/times";
import { WebhooksPage } from "./webhooks/ListPage";
import { Title } from "./ui/Title";

const WebhookPage = lazy(() => import("./webhooks/WebhookPage"));
const EventsPage = lazy(() => import("./events/ListPage"));
const EventPage = lazy(() => import("./events/EventPage"));
const ActivityPage = lazy(() => import("./activity/ActivityPage"));
const NotificationsPage = lazy(() => import("./notifications/ListPage"));
const AuditPage = lazy(() => import("./audit/ListPage"));
const EventTypesPage = lazy(() => import("./event-types/ListPage"));
const SetsPage = lazy(() => import("./sync/SetsPage"));
const SetPage = lazy(() => import("./sync/SetPage"));
const TokensPage = lazy(() => import("./tokens/ListPage"));

const TITLES: Readonly<Record<string, string>> = {
  events: "Events",
  activity: "Activity",
  notifications: "Notifications",
  sync: "Sync",
  types: "Event types",
  tokens: "Tokens",
  audit: "Audit log",
};

/** The page of the address. Each noun has its own path; an unknown one says so. */
export function Page() {
  const { path } = usePlace();
  const [, noun, id, ...rest] = path.split("/");
  useEffect(() => {
    document.title = `${TITLES[noun ?? ""] ?? "Webhooks"}: Hookline`;
  }, [noun]);
  if (!rest.length) {
    if (!noun || (noun === "webhooks" && !id)) return <WebhooksPage />;
    if (noun === "webhooks" && id) return <WebhookPage key={id} id={id} />;
    if (noun === "activity" && !id) return <ActivityPage />;
    if (noun === "notifications" && !id) return <NotificationsPage />;
    if (noun === "types" && !id) return <EventTypesPage />;
    if (noun === "sync") return id ? <SetPage key={id} name={decoded(id)} /> : <SetsPage />;
    if (noun === "tokens" && !id) return <TokensPage />;
    if (noun === "audit" && !id) return <AuditPage />;
    if (noun === "events") return id ? <EventPage key={id} id={id} /> : <EventsPage />;
  }
  return (
    <main id="main">
      <Title>There is nothing at {visible(path)}</Title>
      <p>
        <Link to="/webhooks">All webhooks</Link>
      </p>
    </main>
  );
}

/** A part of the address as text; as it stands where it is malformed. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
