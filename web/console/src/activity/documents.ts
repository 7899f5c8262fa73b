import { graphql } from "../api/graphql";

export const ATTEMPT_ROW = graphql(`
  fragment AttemptRow on Attempt {
    id
    number
    outcome
    cause
    statusCode
    errorCode
    errorMessage
    startedAt
    durationMs
    nextAttemptAt
    event { id type }
    delivery { id }
    webhook @include(if: $hasWebhooks) { id name retry { schedule } }
  }
`);

export const ATTEMPT_LIST = graphql(`
  query AttemptList($filter: AttemptFilter, $after: String, $hasWebhooks: Boolean!) {
    liveCursor
    attempts(filter: $filter, first: 100, after: $after) {
      pageInfo { endCursor hasNextPage }
      nodes { ...AttemptRow }
    }
  }
`);

export const ATTEMPTS_LIVE = graphql(`
  subscription AttemptsLive($filter: AttemptFilter, $after: String, $hasWebhooks: Boolean!) {
    attempts(filter: $filter, after: $after) { cursor gap node { ...AttemptRow } }
  }
`);

export const ATTEMPT = graphql(`
  query OneAttempt($id: ID!, $hasWebhooks: Boolean!) {
    liveCursor
    node(id: $id) {
      __typename
      ... on Attempt {
        ...AttemptRow
        event { receivedAt }
        requestUrl
        requestHeaders { name value }
        requestBody
        responseHeaders { name value }
        responseBody
        responseBodyBase64
        responseTruncated
        delivery { id status nextAttemptAt attempts(first: 50) { nodes { ...AttemptRow } } }
      }
    }
  }
`);

export const RETRY = graphql(`
  mutation RetryDelivery($input: DeliveryRetryInput!) {
    deliveryRetry(input: $input) { delivery { id status } userErrors { field message code } }
  }
`);

export const CANCEL = graphql(`
  mutation CancelDelivery($input: DeliveryCancelInput!) {
    deliveryCancel(input: $input) { delivery { id status } userErrors { field message code } }
  }
`);
