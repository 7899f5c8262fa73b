import { graphql } from "../api/graphql";

export const TYPE_ROW = graphql(`
  fragment TypeRow on EventType {
    id
    name
    description
    schema
    strict
    sample
  }
`);

export const TYPE_LIST = graphql(`
  query TypeList($search: String, $first: Int, $after: String, $last: Int, $before: String) {
    eventTypes(search: $search, first: $first, after: $after, last: $last, before: $before) {
      totalCount
      totalCountExact
      pageInfo { startCursor endCursor hasNextPage hasPreviousPage }
      nodes { ...TypeRow }
    }
  }
`);

export const ONE_TYPE = graphql(`
  query OneType($id: ID!) {
    node(id: $id) {
      __typename
      ... on EventType { ...TypeRow }
    }
  }
`);

export const UNLISTED_TYPES = graphql(`
  query UnlistedTypes($search: String) {
    unlistedEventTypes(search: $search) {
      exact
      types { name lastReceivedAt }
    }
  }
`);

export const SAVE_TYPE = graphql(`
  mutation SaveType($input: EventTypeSaveInput!) {
    eventTypeSave(input: $input) {
      eventType { ...TypeRow }
      userErrors { field message code }
    }
  }
`);

export const DELETE_TYPE = graphql(`
  mutation DeleteType($input: EventTypeDeleteInput!) {
    eventTypeDelete(input: $input) {
      eventType { id }
      userErrors { field message code }
    }
  }
`);
