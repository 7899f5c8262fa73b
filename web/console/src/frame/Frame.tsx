import { type ReactNode, useState } from "react";
import { Button } from "react-aria-components";
import { hrefOf, usePlace } from "../ui/location";
import { Icon, type IconName } from "../ui/icons";
import { Link } from "../ui/Link";
import { useKeys } from "../ui/keys";
import { Select } from "../ui/Select";
import { THEMES, theme, type Theme } from "../ui/theme";
import { signOut } from "../session/session";
import { docsPath } from "../settings";
import { useStore } from "../store";
import { ConnectionState } from "./ConnectionState";
import { environment } from "./environment";
import { GoTo } from "./GoTo";
import { KeyHelp } from "./KeyHelp";
import { useFrame, useMay } from "./viewer";

const NOUNS: [path: string, name: string, icon: IconName, scope?: string][] = [
  ["/webhooks", "Webhooks", "webhook"],
  ["/events", "Events", "event"],
  ["/activity", "Activity", "activity", "deliveries:read"],
  ["/notifications", "Notifications", "bell", "deliveries:read"],
  ["/sync", "Sync", "branch", "webhooks:read"],
  ["/types", "Event types", "types"],
  ["/tokens", "Tokens", "key", "tokens:admin"],
  ["/audit", "Audit log", "log", "webhooks:audit"],
];

/** What stands around each page: nouns, environment, connection, theme, who is signed in. */
export function Frame({ children }: { children: ReactNode }) {
  const [isHelpOpen, setHelpOpen] = useState(false);
  useKeys({ "?": () => setHelpOpen(true) });
  return (
    <div className="frame">
      <a className="skip" href="#main">
        Skip to the page
      </a>
      <Rail />
      <div className="stage">
        <TopBar openHelp={() => setHelpOpen(true)} />
        {children}
      </div>
      <KeyHelp isOpen={isHelpOpen} setOpen={setHelpOpen} />
      <svg className="defs" aria-hidden="true">
        <pattern id="hatch" width="3" height="3" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
          <rect className="hatch-back" width="3" height="3" />
          <rect className="hatch-line" width="1.2" height="3" />
        </pattern>
      </svg>
    </div>
  );
}

function Rail() {
  const { path } = usePlace();
  const { server } = useFrame();
  const may = useMay();
  const isAt = (to: string) => path.startsWith(to) || (path === "/" && to === "/webhooks");
  return (
    <nav className="rail" aria-label="Pages">
      <Link to="/webhooks" className="brand">
        <Icon name="webhook" />
        Hookline
      </Link>
      <ul>
        {NOUNS.map(([to, name, icon, scope]) => (
          <li key={to}>
            {scope && !may(scope) ? (
              <span className="off" title={`Needs the scope ${scope}`}>
                <Icon name={icon} />
                {name}
                <span className="hidden">, needs the scope {scope}</span>
              </span>
            ) : (
              <Link to={to} aria-current={isAt(to) ? "page" : undefined}>
                <Icon name={icon} />
                {name}
              </Link>
            )}
          </li>
        ))}
        <li className="apart">
          <a href={hrefOf("/graphql")}>
            <Icon name="out" />
            GraphiQL
          </a>
        </li>
        {docsPath && (
          <li>
            <a href={docsPath}>
              <Icon name="out" />
              Docs
            </a>
          </li>
        )}
      </ul>
      <p className="version">{server.version}</p>
    </nav>
  );
}

function TopBar({ openHelp }: { openHelp: () => void }) {
  const { viewer, server } = useFrame();
  const chosen = useStore(environment);
  return (
    <header className="top">
      <span className="workspace">{viewer.workspace.name}</span>
      <Select
        label="Environment"
        value={chosen ?? ""}
        onChange={(name) => environment.set(name || null)}
        options={[["", "All environments"], ...server.environments.map((name): [string, string] => [name, name])]}
      />
      <GoTo />
      <span className="push" />
      <ConnectionState />
      <Select
        label="Theme"
        value={useStore(theme)}
        onChange={(name) => theme.set(name as Theme)}
        options={THEMES.map((name): [string, string] => [name, `Theme: ${name}`])}
      />
      <span className="who" title={`Scopes: ${viewer.scopes.join(", ")}`}>
        {viewer.name}
        <span className="faint"> {viewer.role?.toLowerCase() ?? "own scopes"}</span>
      </span>
      <Button className="ghost" aria-label="Keyboard" onPress={openHelp}>
        ?
      </Button>
      <Button className="button" onPress={() => signOut()}>
        Sign out
      </Button>
    </header>
  );
}
