import { graphql } from "../api/graphql";

export const AUDIT_ROW = graphql(`
  fragment AuditRow on AuditEntry {
    id
    action
    actor { kind name tokenId appliedBy revision claimed { commit branch } }
    source
    reason
    at
    subjectId
    webhook { id name }
    before
    after
    requestId
  }
`);

export const AUDIT_LIST = graphql(`
  query AuditList($filter: AuditFilter, $first: Int, $after: String, $last: Int, $before: String) {
    auditEntries(filter: $filter, first: $first, after: $after, last: $last, before: $before) {
      totalCount
      totalCountExact
      pageInfo { startCursor endCursor hasNextPage hasPreviousPage }
      nodes { ...AuditRow }
    }
  }
`);

export const ONE_ENTRY = graphql(`
  query OneEntry($id: ID!) {
    node(id: $id) {
      __typename
      ... on AuditEntry { ...AuditRow }
    }
  }
`);

export const AUDIT_LIVE = graphql(`
  subscription AuditLive {
    auditEntries { gap items { id action } }
  }
`);
