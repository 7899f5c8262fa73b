import { graphql } from "../api/graphql";

export const NOTIFICATION_LIST = graphql(`
  query NotificationList($filter: NotificationFilter, $first: Int, $after: String, $last: Int, $before: String, $hasWebhooks: Boolean!) {
    liveCursor
    notifications(filter: $filter, first: $first, after: $after, last: $last, before: $before) {
      totalCount
      totalCountExact
      pageInfo { startCursor endCursor hasNextPage hasPreviousPage }
      nodes {
        id
        kind
        message
        set
        revision
        createdAt
        emails { address status sentAt error file }
        webhook @include(if: $hasWebhooks) { id name deletedAt }
      }
    }
  }
`);

export const NOTIFICATION_LIVE = graphql(`
  subscription NotificationLive($after: String) {
    notifications(after: $after) { cursor gap node { id kind } }
  }
`);

export const WEBHOOK_MAILS = graphql(`
  query WebhookMails($id: ID!) {
    liveCursor
    notifications(filter: { webhookId: $id }, first: 20) {
      nodes { id kind message createdAt emails { address status sentAt error file } }
    }
  }
`);

export const WEBHOOK_HEALTH = graphql(`
  query WebhookHealth($id: ID!) {
    webhook(id: $id) { id autoDisable { failures over } health { consecutiveFailures failingSince failedEvents } }
  }
`);

export const TEST_MAIL = graphql(`
  mutation TestMail($input: WebhookTestMailInput!) {
    webhookTestMail(input: $input) { notification { id } userErrors { field message code } }
  }
`);
