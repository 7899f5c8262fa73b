import { graphql } from "../api/graphql";

export const BUCKETS = graphql(`
  fragment Buckets on StatsBucket {
    start
    attempts
    failures
    p50Ms
    p95Ms
  }
`);

export const ALL_STATS = graphql(`
  query AllStats($since: DateTime!, $step: StatsStep!) {
    stats(since: $since, step: $step) { ...Buckets }
  }
`);

export const WEBHOOK_STATS = graphql(`
  query WebhookStats($id: ID!, $since: DateTime!, $step: StatsStep!) {
    webhook(id: $id) { id stats(since: $since, step: $step) { ...Buckets } }
  }
`);
