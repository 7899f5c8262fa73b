import { graphql } from "../../api/graphql";

export const WEBHOOK_FORM = graphql(`
  fragment WebhookForm on Webhook {
    id
    slug
    version
    name
    description
    url
    active
    environments
    events
    headers { name value }
    secretHeader { name }
    basicAuth { username }
    filter
    payloadTemplate
    payloadContentType
    timeout
    concurrency
    rateLimit
    retry { schedule }
    autoDisable { failures over }
    labels { key value }
    notificationEmails
    notifyOn
    signing { algorithm publicKey secrets { createdAt expiresAt } }
  }
`);

export const DRY_RUN = graphql(`
  mutation DryRun($input: WebhookDryRunInput!) {
    webhookDryRun(input: $input) {
      matches
      reasons
      request { method url headers { name value } body }
      userErrors { field message code }
    }
  }
`);

export const RECENT_EVENTS = graphql(`
  query RecentEvents {
    events(first: 20) { nodes { id type environment receivedAt } }
  }
`);

export const RECENT_DATA = graphql(`
  query RecentData($pattern: String!) {
    events(first: 3, filter: { pattern: $pattern }) { nodes { data } }
  }
`);

export const EVENT_TYPE_NAMES = graphql(`
  query EventTypeNames($after: String) {
    eventTypes(first: 100, after: $after) { pageInfo { endCursor hasNextPage } nodes { name } }
  }
`);

export const UNLISTED_TYPES = graphql(`
  query UnlistedTypeNames {
    unlistedEventTypes { types { name } }
  }
`);

export const PATTERN_COUNTS = graphql(`
  query PatternCounts($patterns: [String!]!, $environments: [String!]) {
    eventPatternCounts(patterns: $patterns, environments: $environments) { exact counts { pattern events } }
  }
`);

export const REVEAL_SECRET = graphql(`
  mutation RevealSecret($input: WebhookSecretRevealInput!) {
    webhookSecretReveal(input: $input) { secret userErrors { field message code } }
  }
`);

export const ROTATE_SECRET = graphql(`
  mutation RotateSecret($input: WebhookSecretRotateInput!) {
    webhookSecretRotate(input: $input) { secret userErrors { field message code } }
  }
`);
