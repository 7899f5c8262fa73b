import { graphql } from "../api/graphql";
import "./documents"; // its fragment
import "./configure/documents"; // its fragment

export const WEBHOOK = graphql(`
  query OneWebhook($id: ID!, $since: DateTime!, $hasLog: Boolean!) {
    liveCursor
    webhook(id: $id) {
      ...WebhookRow
      ...WebhookForm
      deletedAt
      stats(since: $since, step: HOUR) @include(if: $hasLog) { start attempts failures p95Ms }
    }
  }
`);

export const TEST_WEBHOOK = graphql(`
  mutation TestWebhook($input: WebhookTestInput!) {
    webhookTest(input: $input) { attempt { id } delivery { id } userErrors { field message code } }
  }
`);

export const UPDATE_WEBHOOK = graphql(`
  mutation UpdateWebhook($input: WebhookUpdateInput!) {
    webhookUpdate(input: $input) {
      webhook { ...WebhookForm }
      userErrors { field message code }
    }
  }
`);

export const WEBHOOK_AUDIT = graphql(`
  query WebhookAudit($id: ID!, $after: String) {
    auditEntries(filter: { subjectId: $id }, first: 50, after: $after) {
      pageInfo { endCursor hasNextPage }
      nodes { id action at before after source reason actor { kind name appliedBy revision } requestId }
    }
  }
`);
