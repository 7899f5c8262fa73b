// Roles and scopes in people's words, and the state of a token. Pure.
import type { TokenRole } from "../gql/graphql";

/** Each role with what it may do, and what it may not that people expect of it. */
export const ROLES: readonly (readonly [role: TokenRole, name: string, may: string])[] = [
  ["VIEWER", "Viewer", "Reads webhooks, events, deliveries and attempts. Changes and publishes nothing."],
  ["PUBLISHER", "Publisher", "Publishes events. Reads nothing: for the service that the events come from."],
  ["EDITOR", "Editor", "Reads, publishes events, changes webhooks, sends deliveries again, listens on a developer's machine, and reads who changed which webhook."],
  ["SYNC", "Sync", "Reads, plans and applies webhooks files: for a pipeline. Publishes nothing."],
  ["ADMIN", "Admin", "May do everything: also make and revoke tokens, see signing secrets, and change what a file owns."],
];

/** Every scope and what it allows, in the server's order. */
export const SCOPES: readonly (readonly [scope: string, may: string])[] = [
  ["webhooks:read", "Read webhooks and the catalogue of event types"],
  ["deliveries:read", "Read events, deliveries and attempts, and follow them live"],
  ["events:publish", "Publish events"],
  ["webhooks:write", "Create, change, switch and delete webhooks"],
  ["deliveries:retry", "Send deliveries again"],
  ["webhooks:listen", "Receive events on a developer's machine with hookline listen"],
  ["sync:plan", "Compare a webhooks file with what is there"],
  ["sync:apply", "Apply a webhooks file"],
  ["secrets:read", "See signing secrets"],
  ["tokens:admin", "Make, list and revoke tokens"],
  ["webhooks:audit", "Read who changed which webhook"],
  ["audit:read", "Read who changed what, webhooks and all else"],
  ["webhooks:force", "Change by hand what a webhooks file owns"],
];

/** Scopes that may be bound to sets: sync:apply:team-a. */
export const SET_SCOPES: readonly string[] = ["sync:plan", "sync:apply"];

const READ = ["webhooks:read", "deliveries:read"];

/** The scopes of each role. A test compares them, and SCOPES, with the server's. */
export const HELD: Readonly<Record<TokenRole, readonly string[]>> = {
  VIEWER: READ,
  PUBLISHER: ["events:publish"],
  EDITOR: [...READ, "events:publish", "webhooks:write", "deliveries:retry", "webhooks:listen", "webhooks:audit"],
  SYNC: [...READ, ...SET_SCOPES],
  ADMIN: SCOPES.map(([scope]) => scope),
};

/** The role that has exactly these scopes; null for scopes that were chosen one by one. */
export function roleOf(scopes: readonly string[]): string | null {
  const held = new Set(scopes);
  const same = ROLES.find(([role]) => HELD[role].length === held.size && HELD[role].every((scope) => held.has(scope)));
  return same?.[1] ?? null;
}

/** The scopes with those of SET_SCOPES bound to each of the sets; unbound without any. */
export function boundTo(scopes: readonly string[], sets: readonly string[]): string[] {
  if (!sets.length) return [...scopes];
  return scopes.flatMap((scope) => (SET_SCOPES.includes(scope) ? sets.map((set) => `${scope}:${set}`) : [scope]));
}

export type TokenState = "VALID" | "EXPIRED" | "REVOKED";

export function stateOf(token: { revokedAt?: string | null; expiresAt?: string | null }, now: number): TokenState {
  if (token.revokedAt) return "REVOKED";
  return token.expiresAt && Date.parse(token.expiresAt) <= now ? "EXPIRED" : "VALID";
}

const STOPS: readonly (readonly [scopes: readonly string[], text: string])[] = [
  [["events:publish"], "no more events can be published with it"],
  [["sync:plan", "sync:apply"], "pipelines that plan or apply webhooks files with it fail"],
  [["webhooks:write", "deliveries:retry", "webhooks:force"], "changes and retries with it are refused"],
  [["webhooks:listen"], "hookline listen with it ends"],
  [["tokens:admin"], "it makes and revokes no more tokens; those that it made stay valid"],
  [["webhooks:read", "deliveries:read", "webhooks:audit", "audit:read", "secrets:read"], "reading and live connections with it end"],
];

/** The effects of revoking a token that has these scopes, a clause each. */
export function stopsOf(scopes: readonly string[]): string[] {
  const has = (wanted: string) => scopes.some((scope) => scope === wanted || scope.startsWith(`${wanted}:`));
  return STOPS.filter(([named]) => named.some(has)).map(([, text]) => text);
}
