// A webhook as other clients write it: the GraphQL of its changes, and its entry in a webhooks file. Never with a secret. Pure.
import type { WebhookFormFragment } from "../../gql/graphql";

export const SECRET = "…";

// The server's own rule: is_sensitive_header.
const SENSITIVE = /key|token|secret|password|passwd|pwd|credential|signature|session|jwt|bearer|(?:^|[^a-z0-9])o?auth(?!or(?!i[sz]))/i;

interface Secretive {
  headers?: { name: string; value?: string }[];
  secretHeader?: { name: string; value?: string } | null;
  basicAuth?: { username: string; password?: string } | null;
}

/** The changes with a placeholder for each secret that was typed. */
export function withoutSecrets(changes: Record<string, unknown>): Record<string, unknown> {
  const { headers, secretHeader, basicAuth } = changes as Secretive;
  return {
    ...changes,
    ...(headers && { headers: headers.map((one) => (one.value !== undefined && SENSITIVE.test(one.name) ? { ...one, value: SECRET } : one)) }),
    ...(secretHeader?.value !== undefined && { secretHeader: { ...secretHeader, value: SECRET } }),
    ...(basicAuth?.password !== undefined && { basicAuth: { ...basicAuth, password: SECRET } }),
  };
}

// JSON is YAML but for two line ends; ${ would begin a reference.
const text = (value: unknown) =>
  JSON.stringify(value)
    .replace(/[\u2028\u2029\u0085\ufeff]/g, (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}`)
    .replaceAll("${", "$$${");

const variableOf = (slug: string, name: string) => `${slug}_${name}`.toUpperCase().replace(/[^A-Z0-9]+/g, "_").replace(/^(?=\d)/, "_");
const reference = (slug: string, name: string) => `"\${env:${variableOf(slug, name)}}"`;

/** Lines of a mapping; nothing for an empty one. */
const mapping = (name: string, pairs: readonly (readonly [key: string, value: string])[]) =>
  pairs.length ? [`    ${name}:`, ...pairs.map(([key, value]) => `      ${text(key)}: ${value}`)] : [];

/** A webhooks file with the webhook alone, as it is saved; secrets are references to variables of the environment. */
export function yamlOf(webhook: WebhookFormFragment): string {
  const { slug, secretHeader, basicAuth, autoDisable } = webhook;
  const line = (name: string, value: unknown) => (value === null || value === undefined || value === "" ? [] : [`    ${name}: ${text(value)}`]);
  const headers = webhook.headers.map(({ name, value }): [string, string] => [name, value === null || value === undefined ? reference(slug, name) : text(value)]);
  return [
    "version: 1",
    "webhooks:",
    `  ${text(slug)}:`,
    ...line("name", webhook.name),
    ...line("description", webhook.description),
    ...line("url", webhook.url),
    ...line("active", webhook.active),
    ...line("environments", webhook.environments),
    ...line("events", webhook.events),
    ...mapping("headers", headers),
    ...(secretHeader ? [`    secretHeader: { name: ${text(secretHeader.name)}, value: ${reference(slug, "secret")} }`] : []),
    ...(basicAuth ? [`    basicAuth: { username: ${text(basicAuth.username)}, password: ${reference(slug, "password")} }`] : []),
    ...line("timeout", webhook.timeout),
    ...line("concurrency", webhook.concurrency),
    ...line("rateLimit", webhook.rateLimit),
    `    retry: { schedule: ${text(webhook.retry.schedule)} }`,
    `    autoDisable: ${autoDisable ? `{ failures: ${autoDisable.failures}, over: ${text(autoDisable.over)} }` : "null"}`,
    ...mapping("labels", webhook.labels.map(({ key, value }) => [key, text(value)])),
    ...line("signingAlgorithm", webhook.signing.algorithm),
    ...line("filter", webhook.filter),
    ...line("payloadTemplate", webhook.payloadTemplate),
    ...line("payloadContentType", webhook.payloadContentType),
    ...(webhook.notificationEmails.length ? line("notificationEmails", webhook.notificationEmails) : []),
    ...line("notifyOn", webhook.notifyOn),
    "",
  ].join("\n");
}
