// The form of a webhook: what it holds, what it sends, and where an error belongs. Pure.
import { placedAt, type Refusal } from "../api/problems.ts";

export interface HeaderRow {
  name: string;
  /** null: the value is secret and is kept unless another one is typed. */
  value: string | null;
}

export interface LabelRow {
  key: string;
  value: string;
}

export interface Form {
  name: string;
  description: string;
  url: string;
  active: boolean;
  environments: string[];
  events: string[];
  headers: HeaderRow[];
  secretName: string;
  secretValue: string;
  username: string;
  password: string;
  /** JSON, or nothing. */
  filter: string;
  payloadTemplate: string;
  payloadContentType: string;
  timeout: string;
  concurrency: string;
  rateLimit: string;
  schedule: string[];
  /** Texts as they are typed. null: never. */
  autoDisable: { failures: string; over: string } | null;
  labels: LabelRow[];
}

interface Saved {
  name: string;
  description?: string | null;
  url: string;
  active: boolean;
  environments: string[];
  events: string[];
  headers: { name: string; value?: string | null }[];
  secretHeader?: { name: string } | null;
  basicAuth?: { username: string } | null;
  filter?: unknown;
  payloadTemplate?: string | null;
  payloadContentType: string;
  timeout: string;
  concurrency: number;
  rateLimit?: string | null;
  retry: { schedule: string[] };
  autoDisable?: { failures: number; over: string } | null;
  labels: LabelRow[];
}

export function formOf(webhook: Saved): Form {
  const { autoDisable, filter } = webhook;
  return {
    name: webhook.name,
    description: webhook.description ?? "",
    url: webhook.url,
    active: webhook.active,
    environments: [...webhook.environments],
    events: [...webhook.events],
    headers: webhook.headers.map(({ name, value }) => ({ name, value: value ?? null })),
    secretName: webhook.secretHeader?.name ?? "",
    secretValue: "",
    username: webhook.basicAuth?.username ?? "",
    password: "",
    filter: filter === null || filter === undefined ? "" : JSON.stringify(filter, null, 2),
    payloadTemplate: webhook.payloadTemplate ?? "",
    payloadContentType: webhook.payloadContentType,
    timeout: webhook.timeout,
    concurrency: String(webhook.concurrency),
    rateLimit: webhook.rateLimit ?? "",
    schedule: [...webhook.retry.schedule],
    autoDisable: autoDisable ? { failures: String(autoDisable.failures), over: autoDisable.over } : null,
    labels: webhook.labels.map(({ key, value }) => ({ key, value })),
  };
}

/** Patterns as somebody types them: separated by commas, spaces or lines. */
export const eventsOf = (text: string) => text.split(/[\s,]+/).filter(Boolean);
const withSecret = (value: string) => (value ? { value } : {});
const areSame = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);
const isWhole = (text: string) => /^\d{1,9}$/.test(text.trim());

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What a field holds that can't be sent at all, by field; everything else is the server's to refuse. */
export function unsendable(form: Form): Record<string, string> {
  const fields: Record<string, string> = {};
  if (form.filter.trim() && jsonIn(form.filter) === undefined) fields.filter = "This is no JSON.";
  // Numbers beyond these come back rounded, and another value would be saved than the one that was typed.
  else if (/\d{16}/.test(form.filter)) fields.filter = "A number has at most 15 digits here: write a longer one as text, in quotes.";
  if (!isWhole(form.concurrency)) fields.concurrency = "Write a whole number, 1 to 100.";
  if (form.autoDisable && !isWhole(form.autoDisable.failures)) fields.autoDisable = "Write the number of failed attempts as a whole number.";
  return fields;
}

/** The input of webhookUpdate: the fields that differ from what was read, and nothing else. */
export function changesIn(form: Form, read: Form): Record<string, unknown> {
  const input: Record<string, unknown> = {};
  const differ = (...names: (keyof Form)[]) => names.some((name) => !areSame(form[name], read[name]));
  for (const name of ["name", "url", "active", "environments", "events", "timeout", "labels"] as const) {
    if (differ(name)) input[name] = form[name];
  }
  for (const name of ["description", "payloadTemplate", "payloadContentType", "rateLimit"] as const) {
    if (differ(name)) input[name] = form[name] || null;
  }
  // A secret one that nobody has typed anew is sent without a value, which keeps it.
  if (differ("headers")) input.headers = form.headers.map(({ name, value }) => (value === null ? { name } : { name, value }));
  if (differ("secretName") || form.secretValue) {
    input.secretHeader = form.secretName ? { name: form.secretName, ...withSecret(form.secretValue) } : null;
  }
  if (differ("username") || form.password) {
    input.basicAuth = form.username ? { username: form.username, ...(form.password ? { password: form.password } : {}) } : null;
  }
  if (differ("filter")) input.filter = jsonIn(form.filter) ?? null;
  if (differ("concurrency")) input.concurrency = Number(form.concurrency);
  if (differ("schedule")) input.retry = { schedule: form.schedule };
  if (differ("autoDisable")) input.autoDisable = form.autoDisable && { failures: Number(form.autoDisable.failures), over: form.autoDisable.over };
  return input;
}

/** The form after a save: what was typed while it was sent stays, everything else is as the server has it. */
export function afterSave(now: Form, sent: Form, saved: Form): Form {
  const typed = (Object.keys(now) as (keyof Form)[]).filter((name) => !areSame(now[name], sent[name]));
  return { ...saved, ...Object.fromEntries(typed.map((name) => [name, now[name]])) };
}

const FIELDS =
  "name description url active environments events headers secretHeader basicAuth filter payloadTemplate payloadContentType timeout concurrency rateLimit retry autoDisable labels notificationEmails notifyOn".split(
    " ",
  );

/** Refusals by the field of the form that they stand at, and the words of those that have none there. */
export const placed = (refusals: readonly Refusal[]) => placedAt(FIELDS, refusals);
