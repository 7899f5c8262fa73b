// Values of fields and kinds of changes in people's words. Pure.
import { visible } from "../ui/times.ts";

const MOST = 200;
const KINDS: Readonly<Record<string, string>> = {
  CREATE: "Created",
  UPDATE: "Changed",
  MOVE: "Moved",
  ADOPT: "Taken over",
  DISABLE: "Left the file: disabled",
  DELETE: "Left the file: deleted",
  RELEASE: "Fields released",
  DRIFT: "Drift",
  CONFLICT: "Conflict",
};

/** A kind of change in words. restores: the revision that stands for the file, of a rollback. */
export function kindOf(kind: string, restores?: number | null): string {
  const words = KINDS[kind] ?? kind;
  return restores ? words.replace("Left the file", `Not in revision ${restores}`) : words;
}

/** A message about a webhook without its slug, which stands before it. */
export const withoutSlug = (message: string, slug: string | null | undefined): string => (slug && message.startsWith(`${slug}: `) ? message.slice(slug.length + 2) : message);

/** How many webhooks a plan takes out. */
export const removalsOf = (changes: readonly { kind: string }[]): number => changes.filter(({ kind }) => kind === "DISABLE" || kind === "DELETE").length;

/** A value as a short text; a null or an empty list says that there is none. */
export function valueOf(value: unknown): string {
  if (value === null || value === undefined) return "none";
  const items = itemsOf(value);
  const text = items ? items.join(", ") || "none" : typeof value === "string" ? value || '""' : JSON.stringify(value);
  return visible(text.length > MOST ? `${text.slice(0, MOST)}…` : text);
}

/** Items of a list of texts, of headers, of labels or of a retry schedule; null of another value. */
export function itemsOf(value: unknown): string[] | null {
  if (isRecord(value) && Object.keys(value).length === 1 && "schedule" in value) return itemsOf(value.schedule);
  if (!Array.isArray(value)) return null;
  const items = value.map((item: unknown) => (typeof item === "string" ? item : pairOf(item)));
  return items.every((item) => item !== null) ? items : null;
}

function pairOf(item: unknown): string | null {
  if (!isRecord(item) || Object.keys(item).length !== 2 || typeof item.value !== "string") return null;
  const name = item.name ?? item.key;
  return typeof name === "string" ? `${name}: ${item.value}` : null;
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);

/** The first characters of a commit, with what says that its file was edited. */
export function shortCommit(commit: string): string {
  const [hash = "", ...marks] = commit.split("-");
  return visible([/^[0-9a-f]{12,}$/.test(hash) ? hash.slice(0, 12) : hash, ...marks].join("-"));
}

type Counts = Readonly<Record<"created" | "updated" | "moved" | "disabled" | "deleted", number>>;

/** What a revision changed, counted: "1 created, 2 changed". */
export function countsOf({ created, updated, moved, disabled, deleted }: Counts): string {
  const parts = [
    [created, "created"],
    [updated, "changed"],
    [moved, "moved"],
    [disabled, "disabled"],
    [deleted, "deleted"],
  ] as const;
  return parts
    .filter(([count]) => count)
    .map(([count, word]) => `${count} ${word}`)
    .join(", ");
}

/** The page of a set. */
export const setPath = (name: string): string => `/sync/${encodeURIComponent(name)}`;

interface Origin {
  kind: string;
  path?: string | null;
  repository?: string | null;
  branch?: string | null;
  actor: { name: string };
}

/** Where a set comes from: "config of github.com/acme/shop, branch main, applied by ci". */
export function originOf({ kind, path, repository, branch, actor }: Origin): string {
  const place = [path, repository].filter(Boolean).join(" of ");
  const way = kind === "PULL" ? "pulled by the server" : `applied by ${actor.name}`;
  return visible([place, branch && `branch ${branch}`, way].filter(Boolean).join(", "));
}
