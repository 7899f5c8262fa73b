import { graphql } from "../api/graphql";

export const SYNC_SET = graphql(`
  fragment SyncSetRow on SyncSet {
    name
    commit
    lastAppliedAt
    source { kind path repository branch author actor { name } }
    webhookCount
    driftCount
    revision { id number appliedAt actor { name } }
  }
`);

export const FOLLOWED = graphql(`
  fragment FollowedFiles on SyncSource {
    path
    set
    interval
    isFollowed
    checkedAt
    degradedAt
    problem { code file line column message hint }
  }
`);

export const SYNC_SETS = graphql(`
  query SyncSets($first: Int, $after: String, $last: Int, $before: String, $hasCursor: Boolean!) {
    liveCursor @include(if: $hasCursor)
    syncSets(first: $first, after: $after, last: $last, before: $before) {
      totalCount
      totalCountExact
      pageInfo { startCursor endCursor hasNextPage hasPreviousPage }
      nodes { ...SyncSetRow }
    }
    syncSources(first: 10) { nodes { ...FollowedFiles } }
  }
`);

export const ONE_SET = graphql(`
  query OneSet($name: String!, $hasCursor: Boolean!) {
    liveCursor @include(if: $hasCursor)
    syncSet(name: $name) { ...SyncSetRow }
    syncSources(first: 10) { nodes { ...FollowedFiles } }
  }
`);

export const REVISION = graphql(`
  fragment Revision on SyncRevision {
    id
    number
    commit
    branch
    author
    message
    runUrl
    repository
    dirty
    actor { name }
    created
    updated
    moved
    disabled
    deleted
    restores
    policyChanges
    appliedAt
  }
`);

export const HISTORY = graphql(`
  query SyncHistory($set: String!, $first: Int, $after: String, $last: Int, $before: String) {
    syncRevisions(set: $set, first: $first, after: $after, last: $last, before: $before) {
      pageInfo { startCursor endCursor hasNextPage hasPreviousPage }
      nodes { ...Revision }
    }
  }
`);

export const ONE_REVISION = graphql(`
  query OneRevision($set: String!, $number: Int!, $after: String) {
    syncRevision(set: $set, number: $number) {
      ...Revision
      changes(first: 50, after: $after) {
        totalCount
        pageInfo { endCursor hasNextPage }
        nodes { kind slug movedFrom kept fields { field before after live changedSecrets } }
      }
    }
  }
`);

export const DRIFT = graphql(`
  query SyncDrift($set: String!, $first: Int, $after: String, $last: Int, $before: String) {
    syncDrift(set: $set, first: $first, after: $after, last: $last, before: $before) {
      pageInfo { startCursor endCursor hasNextPage hasPreviousPage }
      nodes {
        slug
        webhookId
        file
        line
        hint
        fields { field after live changedSecrets changedBy changedAt reason }
      }
    }
  }
`);

export const SYNC_FILE = graphql(`
  query SyncFile($yaml: String!) {
    syncFile(yaml: $yaml) {
      set
      document
      positions
      problems { code message severity line column hint }
    }
  }
`);

export const SHOWN_PLAN = graphql(`
  fragment ShownPlan on SyncPlan {
    digest
    set
    restores
    unchanged
    unknownSecrets
    policyChanges
    base { number }
    changes { kind slug movedFrom openDeliveries line hint fields { field before after live changedSecrets changedBy reason } }
    blocked { code message slug flag }
    warnings { message line }
  }
`);

export const SYNC_PLAN = graphql(`
  mutation SyncPlan($input: SyncPlanInput!) {
    syncPlan(input: $input) {
      plan { ...ShownPlan }
      problems { code message severity line column hint }
      userErrors { field message code }
    }
  }
`);

export const ROLLBACK_PLAN = graphql(`
  mutation SyncRollbackPlan($input: SyncRollbackPlanInput!) {
    syncRollbackPlan(input: $input) {
      plan { ...ShownPlan }
      problems { message }
      userErrors { field message code }
    }
  }
`);

export const ROLLBACK = graphql(`
  mutation SyncRollback($input: SyncRollbackInput!) {
    syncRollback(input: $input) {
      revision { id number }
      plan { blocked { code } }
      problems { message }
      userErrors { field message code }
    }
  }
`);

export const SYNC_EVENTS = graphql(`
  subscription SyncEvents($after: String) {
    syncEvents(after: $after) { cursor gap kind set at message slug file line revision { number restores created updated moved disabled deleted } }
  }
`);
