import { useEffect } from "react";
import { Link } from "./ui/Link";
import { usePlace } from "./ui/location";
import { WebhooksPage } from "./webhooks/ListPage";

/** The page of the address. Each noun has its own path; an unknown one says so. */
export function Page() {
  const { path } = usePlace();
  useEffect(() => {
    // After a change of page the focus is where reading begins.
    document.querySelector<HTMLElement>("h1")?.focus({ preventScroll: true });
  }, [path]);
  const [, noun] = path.split("/");
  if (!noun || path === "/webhooks") return <WebhooksPage />;
  return (
    <main id="main">
      <h1 tabIndex={-1}>There is nothing at {path}</h1>
      <p>
        <Link to="/webhooks">All webhooks</Link>
      </p>
    </main>
  );
}
