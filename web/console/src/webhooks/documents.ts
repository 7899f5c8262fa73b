import { graphql } from "../api/graphql";

export const WEBHOOK_ROW = graphql(`
  fragment WebhookRow on Webhook {
    id
    slug
    name
    description
    url
    status
    environments
    version
    modifiedAt
    modifiedBy { kind name appliedBy revision }
    managedBy { set file line commit lockedFields ignoredFields }
    listener { expiresAt }
    health { autoDisabledAt autoDisabledReason failingSince lastAttemptAt secretsError backlog }
  }
`);

export const WEBHOOK_LIST = graphql(`
  query WebhookList($filter: WebhookFilter, $orderBy: WebhookOrder, $first: Int, $after: String, $before: String, $last: Int, $since: DateTime!, $hasLog: Boolean!) {
    liveCursor
    webhooks(filter: $filter, orderBy: $orderBy, first: $first, after: $after, last: $last, before: $before) {
      totalCount
      totalCountExact
      pageInfo { startCursor endCursor hasNextPage hasPreviousPage }
      nodes {
        ...WebhookRow
        stats(since: $since, step: HOUR) @include(if: $hasLog) { start attempts failures }
        oldestOpenDelivery @include(if: $hasLog) { id createdAt }
      }
    }
  }
`);

export const WEBHOOK_CHANGES = graphql(`
  subscription WebhookChanges($after: String) {
    webhookChanges(after: $after) { cursor gap kind node { id version } }
  }
`);

// No more than that something ended: the figures of the list are read anew then.
export const ENDED = graphql(`
  subscription Ended($after: String) {
    attempts(after: $after) { cursor gap node { id } }
  }
`);

export const SET_ACTIVE = graphql(`
  mutation SetActive($input: WebhookSetActiveInput!) {
    webhookSetActive(input: $input) {
      webhook { ...WebhookRow }
      userErrors { field message code }
    }
  }
`);

export const CREATE_WEBHOOK = graphql(`
  mutation CreateWebhook($input: WebhookCreateInput!) {
    webhookCreate(input: $input) {
      webhook { id }
      userErrors { field message code }
    }
  }
`);

export const DELETE_WEBHOOK = graphql(`
  mutation DeleteWebhook($input: WebhookDeleteInput!) {
    webhookDelete(input: $input) {
      webhook { id deletedAt }
      userErrors { field message code }
    }
  }
`);

export const WEBHOOK_MISSED = graphql(`
  query WebhookMissed($id: ID!, $since: DateTime) {
    webhook(id: $id) {
      id
      missed(first: 1, filter: { since: $since }) { deliverableCount totalCountExact nodes { offSince offUntil } }
    }
  }
`);

export const SEVERAL = graphql(`
  fragment Several on WebhooksPayload {
    results { id webhook { id } userErrors { field message code } }
    userErrors { field message code }
  }
`);

export const SET_SEVERAL = graphql(`
  mutation SetSeveral($input: WebhooksSetActiveInput!) {
    webhooksSetActive(input: $input) { ...Several }
  }
`);

export const DELETE_SEVERAL = graphql(`
  mutation DeleteSeveral($input: WebhooksDeleteInput!) {
    webhooksDelete(input: $input) { ...Several }
  }
`);

export const TEST_OF_LIST = graphql(`
  mutation TestOfList($input: WebhookTestInput!) {
    webhookTest(input: $input) { attempt { id } delivery { id } userErrors { field message code } }
  }
`);
