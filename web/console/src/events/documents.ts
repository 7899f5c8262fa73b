import { graphql } from "../api/graphql";
import "../activity/documents"; // its fragment

export const EVENT_ROW = graphql(`
  fragment EventRow on Event {
    id
    type
    environment
    receivedAt
    idempotencyKey
  }
`);

export const EVENTS_LIVE = graphql(`
  subscription EventsLive($eventType: String, $environment: String) {
    events(eventType: $eventType, environment: $environment) {
      gap
      skipped
      items { ...EventRow }
    }
  }
`);

export const EVENT_LIST = graphql(`
  query EventList($filter: EventFilter, $first: Int, $after: String, $last: Int, $before: String) {
    events(filter: $filter, first: $first, after: $after, last: $last, before: $before) {
      totalCount
      totalCountExact
      pageInfo { startCursor endCursor hasNextPage hasPreviousPage }
      nodes { ...EventRow }
    }
  }
`);

export const EVENT = graphql(`
  query OneEvent($id: ID!, $hasWebhooks: Boolean!) {
    liveCursor
    attempts(filter: { eventId: $id }, first: 100) { nodes { ...AttemptRow } }
    node(id: $id) {
      __typename
      ... on Event {
        id
        type
        environment
        occurredAt
        receivedAt
        idempotencyKey
        data
        deliveries(first: 100) {
          nodes { id status attemptCount nextAttemptAt finishedAt webhook @include(if: $hasWebhooks) { id name } }
        }
      }
    }
  }
`);

export const EVENT_MATCHES = graphql(`
  query EventMatches($id: ID!, $after: String) {
    node(id: $id) {
      __typename
      ... on Event {
        id
        matches(first: 100, after: $after) {
          pageInfo { endCursor hasNextPage }
          nodes { matches reasons webhook { id name } delivery { id } }
        }
      }
    }
  }
`);

export const EVENT_TYPES = graphql(`
  query EventTypeSamples {
    eventTypes(first: 100) { nodes { id name sample } }
  }
`);

export const PUBLISH = graphql(`
  mutation Publish($input: EventPublishInput!) {
    eventPublish(input: $input) {
      event { id }
      duplicate
      deliveryCount
      skippedCount
      userErrors { field message code }
    }
  }
`);
