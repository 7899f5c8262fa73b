// The form of a webhook: what it holds, what it sends, and where an error belongs. Pure.
import { placedAt, type Refusal } from "../api/problems.ts";
export interface HeaderRow {
  name: string;
  /** null: the value is secret and is kept unless another one is typed. */
  value: string | null;
}

export interface Form {
  name: string;
  description: string;
  url: string;
  active: boolean;
  environments: string[];
  events: string;
  headers: HeaderRow[];
  secretName: string;
  secretValue: string;
  username: string;
  password: string;
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
}

export function formOf(webhook: Saved): Form {
  return {
    name: webhook.name,
    description: webhook.description ?? "",
    url: webhook.url,
    active: webhook.active,
    environments: [...webhook.environments],
    events: webhook.events.join("\n"),
    headers: webhook.headers.map(({ name, value }) => ({ name, value: value ?? null })),
    secretName: webhook.secretHeader?.name ?? "",
    secretValue: "",
    username: webhook.basicAuth?.username ?? "",
    password: "",
  };
}

/** Patterns as somebody types them: separated by commas, spaces or lines. */
export const eventsOf = (text: string) => text.split(/[\s,]+/).filter(Boolean);
const withSecret = (value: string) => (value ? { value } : {});

/** The input of webhookUpdate: the fields that differ from what was read, and nothing else. */
export function changesIn(form: Form, read: Form): Record<string, unknown> {
  const input: Record<string, unknown> = {};
  if (form.name !== read.name) input.name = form.name;
  if (form.description !== read.description) input.description = form.description || null;
  if (form.url !== read.url) input.url = form.url;
  if (form.active !== read.active) input.active = form.active;
  if (form.environments.join() !== read.environments.join()) input.environments = form.environments;
  if (form.events !== read.events) input.events = eventsOf(form.events);
  if (JSON.stringify(form.headers) !== JSON.stringify(read.headers)) {
    // A secret one that nobody has typed anew is sent without a value, which keeps it.
    input.headers = form.headers.map(({ name, value }) => (value === null ? { name } : { name, value }));
  }
  if (form.secretName !== read.secretName || form.secretValue) {
    input.secretHeader = form.secretName ? { name: form.secretName, ...withSecret(form.secretValue) } : null;
  }
  if (form.username !== read.username || form.password) {
    input.basicAuth = form.username ? { username: form.username, ...(form.password ? { password: form.password } : {}) } : null;
  }
  return input;
}

const FIELDS = ["name", "description", "url", "active", "environments", "events", "headers", "secretHeader", "basicAuth", "notificationEmails", "notifyOn"];

/** Refusals by the field of the form that they stand at, and the words of those that have none there. */
export const placed = (refusals: readonly Refusal[]) => placedAt(FIELDS, refusals);
