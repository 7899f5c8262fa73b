/* eslint-disable */
import * as types from './graphql';
import type { TypedDocumentNode as DocumentNode } from '@graphql-typed-document-node/core';

/**
 * Map of all GraphQL operations in the project.
 *
 * This map has several performance disadvantages:
 * 1. It is not tree-shakeable, so it will include all operations in the project.
 * 2. It is not minifiable, so the string of a GraphQL query will be multiple times inside the bundle.
 * 3. It does not support dead code elimination, so it will add unused operations.
 *
 * Therefore it is highly recommended to use the babel or swc plugin for production.
 * Learn more about it here: https://the-guild.dev/graphql/codegen/plugins/presets/preset-client#reducing-bundle-size
 */
type Documents = {
    "\n  fragment Buckets on StatsBucket {\n    start\n    attempts\n    failures\n    p50Ms\n    p95Ms\n  }\n": typeof types.BucketsFragmentDoc,
    "\n  query AllStats($since: DateTime!, $step: StatsStep!) {\n    stats(since: $since, step: $step) { ...Buckets }\n  }\n": typeof types.AllStatsDocument,
    "\n  query WebhookStats($id: ID!, $since: DateTime!, $step: StatsStep!) {\n    webhook(id: $id) { id stats(since: $since, step: $step) { ...Buckets } }\n  }\n": typeof types.WebhookStatsDocument,
    "\n  fragment AttemptRow on Attempt {\n    id\n    number\n    outcome\n    cause\n    statusCode\n    errorCode\n    errorMessage\n    startedAt\n    durationMs\n    nextAttemptAt\n    event { id type }\n    delivery { id }\n    webhook @include(if: $hasWebhooks) { id name retry { schedule } }\n  }\n": typeof types.AttemptRowFragmentDoc,
    "\n  query AttemptList($filter: AttemptFilter, $after: String, $hasWebhooks: Boolean!) {\n    liveCursor\n    attempts(filter: $filter, first: 100, after: $after) {\n      pageInfo { endCursor hasNextPage }\n      nodes { ...AttemptRow }\n    }\n  }\n": typeof types.AttemptListDocument,
    "\n  subscription AttemptsLive($filter: AttemptFilter, $after: String, $hasWebhooks: Boolean!) {\n    attempts(filter: $filter, after: $after) { cursor gap node { ...AttemptRow } }\n  }\n": typeof types.AttemptsLiveDocument,
    "\n  query OneAttempt($id: ID!, $hasWebhooks: Boolean!) {\n    liveCursor\n    node(id: $id) {\n      __typename\n      ... on Attempt {\n        ...AttemptRow\n        event { receivedAt }\n        requestUrl\n        requestHeaders { name value }\n        requestBody\n        responseHeaders { name value }\n        responseBody\n        responseBodyBase64\n        responseTruncated\n        delivery { id status nextAttemptAt attempts(first: 50) { nodes { ...AttemptRow } } }\n      }\n    }\n  }\n": typeof types.OneAttemptDocument,
    "\n  mutation RetryDelivery($input: DeliveryRetryInput!) {\n    deliveryRetry(input: $input) { delivery { id status } userErrors { field message code } }\n  }\n": typeof types.RetryDeliveryDocument,
    "\n  mutation CancelDelivery($input: DeliveryCancelInput!) {\n    deliveryCancel(input: $input) { delivery { id status } userErrors { field message code } }\n  }\n": typeof types.CancelDeliveryDocument,
    "\n  fragment JobRow on Job {\n    id\n    status\n    total\n    done\n    error\n    createdAt\n    finishedAt\n  }\n": typeof types.JobRowFragmentDoc,
    "\n  mutation RetryAll($input: DeliveriesRetryInput!) {\n    deliveriesRetry(input: $input) {\n      job { ...JobRow }\n      counts { failed missed webhooks exact }\n      userErrors { field message code }\n    }\n  }\n": typeof types.RetryAllDocument,
    "\n  query OneJob($id: ID!) {\n    job(id: $id) { ...JobRow }\n  }\n": typeof types.OneJobDocument,
    "\n  subscription JobsLive {\n    jobs { gap items { ...JobRow } }\n  }\n": typeof types.JobsLiveDocument,
    "\n  mutation CancelJob($input: JobCancelInput!) {\n    jobCancel(input: $input) {\n      job { ...JobRow }\n      userErrors { field message code }\n    }\n  }\n": typeof types.CancelJobDocument,
    "\n  fragment AuditRow on AuditEntry {\n    id\n    action\n    actor { kind name tokenId appliedBy revision claimed { commit branch } }\n    source\n    reason\n    at\n    subjectId\n    webhook { id name }\n    before\n    after\n    requestId\n  }\n": typeof types.AuditRowFragmentDoc,
    "\n  query AuditList($filter: AuditFilter, $first: Int, $after: String, $last: Int, $before: String) {\n    auditEntries(filter: $filter, first: $first, after: $after, last: $last, before: $before) {\n      totalCount\n      totalCountExact\n      pageInfo { startCursor endCursor hasNextPage hasPreviousPage }\n      nodes { ...AuditRow }\n    }\n  }\n": typeof types.AuditListDocument,
    "\n  query OneEntry($id: ID!) {\n    node(id: $id) {\n      __typename\n      ... on AuditEntry { ...AuditRow }\n    }\n  }\n": typeof types.OneEntryDocument,
    "\n  subscription AuditLive {\n    auditEntries { gap items { id action } }\n  }\n": typeof types.AuditLiveDocument,
    "\n  fragment TypeRow on EventType {\n    id\n    name\n    description\n    schema\n    strict\n    sample\n  }\n": typeof types.TypeRowFragmentDoc,
    "\n  query TypeList($search: String, $first: Int, $after: String, $last: Int, $before: String) {\n    eventTypes(search: $search, first: $first, after: $after, last: $last, before: $before) {\n      totalCount\n      totalCountExact\n      pageInfo { startCursor endCursor hasNextPage hasPreviousPage }\n      nodes { ...TypeRow }\n    }\n  }\n": typeof types.TypeListDocument,
    "\n  query OneType($id: ID!) {\n    node(id: $id) {\n      __typename\n      ... on EventType { ...TypeRow }\n    }\n  }\n": typeof types.OneTypeDocument,
    "\n  query UnlistedTypes($search: String) {\n    unlistedEventTypes(search: $search) {\n      exact\n      types { name lastReceivedAt }\n    }\n  }\n": typeof types.UnlistedTypesDocument,
    "\n  mutation SaveType($input: EventTypeSaveInput!) {\n    eventTypeSave(input: $input) {\n      eventType { ...TypeRow }\n      userErrors { field message code }\n    }\n  }\n": typeof types.SaveTypeDocument,
    "\n  mutation DeleteType($input: EventTypeDeleteInput!) {\n    eventTypeDelete(input: $input) {\n      eventType { id }\n      userErrors { field message code }\n    }\n  }\n": typeof types.DeleteTypeDocument,
    "\n  fragment EventRow on Event {\n    id\n    type\n    environment\n    receivedAt\n    idempotencyKey\n  }\n": typeof types.EventRowFragmentDoc,
    "\n  subscription EventsLive($eventType: String, $environment: String) {\n    events(eventType: $eventType, environment: $environment) {\n      gap\n      skipped\n      items { ...EventRow }\n    }\n  }\n": typeof types.EventsLiveDocument,
    "\n  query EventList($filter: EventFilter, $first: Int, $after: String, $last: Int, $before: String) {\n    events(filter: $filter, first: $first, after: $after, last: $last, before: $before) {\n      totalCount\n      totalCountExact\n      pageInfo { startCursor endCursor hasNextPage hasPreviousPage }\n      nodes { ...EventRow }\n    }\n  }\n": typeof types.EventListDocument,
    "\n  query OneEvent($id: ID!, $hasWebhooks: Boolean!) {\n    liveCursor\n    attempts(filter: { eventId: $id }, first: 100) { nodes { ...AttemptRow } }\n    node(id: $id) {\n      __typename\n      ... on Event {\n        id\n        type\n        environment\n        occurredAt\n        receivedAt\n        idempotencyKey\n        data\n        deliveries(first: 100) {\n          nodes { id status attemptCount nextAttemptAt finishedAt webhook @include(if: $hasWebhooks) { id name } }\n        }\n      }\n    }\n  }\n": typeof types.OneEventDocument,
    "\n  query EventMatches($id: ID!, $after: String) {\n    node(id: $id) {\n      __typename\n      ... on Event {\n        id\n        matches(first: 100, after: $after) {\n          pageInfo { endCursor hasNextPage }\n          nodes { matches reasons webhook { id name } delivery { id } }\n        }\n      }\n    }\n  }\n": typeof types.EventMatchesDocument,
    "\n  query EventTypeSamples {\n    eventTypes(first: 100) { nodes { id name sample } }\n  }\n": typeof types.EventTypeSamplesDocument,
    "\n  mutation Publish($input: EventPublishInput!) {\n    eventPublish(input: $input) {\n      event { id }\n      duplicate\n      deliveryCount\n      skippedCount\n      userErrors { field message code }\n    }\n  }\n": typeof types.PublishDocument,
    "\n  query Frame {\n    liveCursor\n    viewer { id name role scopes expiresAt workspace { id slug name } }\n    server { version environments largestEventBytes hasMailServer retention { eventDays attemptDays } }\n  }\n": typeof types.FrameDocument,
    "\n  query NotificationList($filter: NotificationFilter, $first: Int, $after: String, $last: Int, $before: String, $hasWebhooks: Boolean!) {\n    liveCursor\n    notifications(filter: $filter, first: $first, after: $after, last: $last, before: $before) {\n      totalCount\n      totalCountExact\n      pageInfo { startCursor endCursor hasNextPage hasPreviousPage }\n      nodes {\n        id\n        kind\n        message\n        set\n        revision\n        createdAt\n        emails { address status sentAt error file }\n        webhook @include(if: $hasWebhooks) { id name deletedAt }\n      }\n    }\n  }\n": typeof types.NotificationListDocument,
    "\n  subscription NotificationLive($after: String) {\n    notifications(after: $after) { cursor gap node { id kind } }\n  }\n": typeof types.NotificationLiveDocument,
    "\n  query WebhookMails($id: ID!) {\n    liveCursor\n    notifications(filter: { webhookId: $id }, first: 20) {\n      nodes { id kind message createdAt emails { address status sentAt error file } }\n    }\n  }\n": typeof types.WebhookMailsDocument,
    "\n  query WebhookHealth($id: ID!) {\n    webhook(id: $id) { id autoDisable { failures over } health { consecutiveFailures failingSince failedEvents } }\n  }\n": typeof types.WebhookHealthDocument,
    "\n  mutation TestMail($input: WebhookTestMailInput!) {\n    webhookTestMail(input: $input) { notification { id } userErrors { field message code } }\n  }\n": typeof types.TestMailDocument,
    "query SignIn { viewer { id } }": typeof types.SignInDocument,
    "\n  fragment SyncSetRow on SyncSet {\n    name\n    commit\n    lastAppliedAt\n    source { kind path repository branch author actor { name } }\n    webhookCount\n    driftCount\n    revision { id number appliedAt actor { name } }\n  }\n": typeof types.SyncSetRowFragmentDoc,
    "\n  fragment FollowedFiles on SyncSource {\n    path\n    set\n    interval\n    isFollowed\n    checkedAt\n    degradedAt\n    problem { code file line column message hint }\n  }\n": typeof types.FollowedFilesFragmentDoc,
    "\n  query SyncSets($first: Int, $after: String, $last: Int, $before: String, $hasCursor: Boolean!) {\n    liveCursor @include(if: $hasCursor)\n    syncSets(first: $first, after: $after, last: $last, before: $before) {\n      totalCount\n      totalCountExact\n      pageInfo { startCursor endCursor hasNextPage hasPreviousPage }\n      nodes { ...SyncSetRow }\n    }\n    syncSources(first: 10) { nodes { ...FollowedFiles } }\n  }\n": typeof types.SyncSetsDocument,
    "\n  query OneSet($name: String!, $hasCursor: Boolean!) {\n    liveCursor @include(if: $hasCursor)\n    syncSet(name: $name) { ...SyncSetRow }\n    syncSources(first: 10) { nodes { ...FollowedFiles } }\n  }\n": typeof types.OneSetDocument,
    "\n  fragment Revision on SyncRevision {\n    id\n    number\n    commit\n    branch\n    author\n    message\n    runUrl\n    repository\n    dirty\n    actor { name }\n    created\n    updated\n    moved\n    disabled\n    deleted\n    restores\n    policyChanges\n    appliedAt\n  }\n": typeof types.RevisionFragmentDoc,
    "\n  query SyncHistory($set: String!, $first: Int, $after: String, $last: Int, $before: String) {\n    syncRevisions(set: $set, first: $first, after: $after, last: $last, before: $before) {\n      pageInfo { startCursor endCursor hasNextPage hasPreviousPage }\n      nodes { ...Revision }\n    }\n  }\n": typeof types.SyncHistoryDocument,
    "\n  query OneRevision($set: String!, $number: Int!, $after: String) {\n    syncRevision(set: $set, number: $number) {\n      ...Revision\n      changes(first: 50, after: $after) {\n        totalCount\n        pageInfo { endCursor hasNextPage }\n        nodes { kind slug movedFrom kept fields { field before after live changedSecrets } }\n      }\n    }\n  }\n": typeof types.OneRevisionDocument,
    "\n  query SyncDrift($set: String!, $first: Int, $after: String, $last: Int, $before: String) {\n    syncDrift(set: $set, first: $first, after: $after, last: $last, before: $before) {\n      pageInfo { startCursor endCursor hasNextPage hasPreviousPage }\n      nodes {\n        slug\n        webhookId\n        file\n        line\n        hint\n        fields { field after live changedSecrets changedBy changedAt reason }\n      }\n    }\n  }\n": typeof types.SyncDriftDocument,
    "\n  query SyncFile($yaml: String!) {\n    syncFile(yaml: $yaml) {\n      set\n      document\n      positions\n      problems { code message severity line column hint }\n    }\n  }\n": typeof types.SyncFileDocument,
    "\n  fragment ShownPlan on SyncPlan {\n    digest\n    set\n    restores\n    unchanged\n    unknownSecrets\n    policyChanges\n    base { number }\n    changes { kind slug movedFrom openDeliveries line hint fields { field before after live changedSecrets changedBy reason } }\n    blocked { code message slug flag }\n    warnings { message line }\n  }\n": typeof types.ShownPlanFragmentDoc,
    "\n  mutation SyncPlan($input: SyncPlanInput!) {\n    syncPlan(input: $input) {\n      plan { ...ShownPlan }\n      problems { code message severity line column hint }\n      userErrors { field message code }\n    }\n  }\n": typeof types.SyncPlanDocument,
    "\n  mutation SyncRollbackPlan($input: SyncRollbackPlanInput!) {\n    syncRollbackPlan(input: $input) {\n      plan { ...ShownPlan }\n      problems { message }\n      userErrors { field message code }\n    }\n  }\n": typeof types.SyncRollbackPlanDocument,
    "\n  mutation SyncRollback($input: SyncRollbackInput!) {\n    syncRollback(input: $input) {\n      revision { id number }\n      plan { blocked { code } }\n      problems { message }\n      userErrors { field message code }\n    }\n  }\n": typeof types.SyncRollbackDocument,
    "\n  subscription SyncEvents($after: String) {\n    syncEvents(after: $after) { cursor gap kind set at message slug file line revision { number restores created updated moved disabled deleted } }\n  }\n": typeof types.SyncEventsDocument,
    "\n  fragment TokenRow on Token {\n    id\n    name\n    lastFour\n    scopes\n    createdAt\n    expiresAt\n    lastUsedAt\n    revokedAt\n  }\n": typeof types.TokenRowFragmentDoc,
    "\n  query TokenList($first: Int, $after: String, $last: Int, $before: String) {\n    tokens(first: $first, after: $after, last: $last, before: $before) {\n      totalCount\n      totalCountExact\n      pageInfo { startCursor endCursor hasNextPage hasPreviousPage }\n      nodes { ...TokenRow }\n    }\n  }\n": typeof types.TokenListDocument,
    "\n  mutation CreateToken($input: TokenCreateInput!) {\n    tokenCreate(input: $input) {\n      token { id }\n      secret\n      userErrors { field message code }\n    }\n  }\n": typeof types.CreateTokenDocument,
    "\n  mutation RevokeToken($input: TokenRevokeInput!) {\n    tokenRevoke(input: $input) {\n      token { ...TokenRow }\n      userErrors { field message code }\n    }\n  }\n": typeof types.RevokeTokenDocument,
    "\n  query OneToken($id: ID!) {\n    node(id: $id) {\n      __typename\n      ... on Token { ...TokenRow }\n    }\n  }\n": typeof types.OneTokenDocument,
    "\n  fragment WebhookForm on Webhook {\n    id\n    slug\n    version\n    name\n    description\n    url\n    active\n    environments\n    events\n    headers { name value }\n    secretHeader { name }\n    basicAuth { username }\n    filter\n    payloadTemplate\n    payloadContentType\n    timeout\n    concurrency\n    rateLimit\n    retry { schedule }\n    autoDisable { failures over }\n    labels { key value }\n    notificationEmails\n    notifyOn\n    signing { algorithm publicKey secrets { createdAt expiresAt } }\n  }\n": typeof types.WebhookFormFragmentDoc,
    "\n  mutation DryRun($input: WebhookDryRunInput!) {\n    webhookDryRun(input: $input) {\n      matches\n      reasons\n      request { method url headers { name value } body }\n      userErrors { field message code }\n    }\n  }\n": typeof types.DryRunDocument,
    "\n  query RecentEvents {\n    events(first: 20) { nodes { id type environment receivedAt } }\n  }\n": typeof types.RecentEventsDocument,
    "\n  query RecentData($pattern: String!) {\n    events(first: 3, filter: { pattern: $pattern }) { nodes { data } }\n  }\n": typeof types.RecentDataDocument,
    "\n  query EventTypeNames($after: String) {\n    eventTypes(first: 100, after: $after) { pageInfo { endCursor hasNextPage } nodes { name } }\n  }\n": typeof types.EventTypeNamesDocument,
    "\n  query UnlistedTypeNames {\n    unlistedEventTypes { types { name } }\n  }\n": typeof types.UnlistedTypeNamesDocument,
    "\n  query PatternCounts($patterns: [String!]!, $environments: [String!]) {\n    eventPatternCounts(patterns: $patterns, environments: $environments) { exact counts { pattern events } }\n  }\n": typeof types.PatternCountsDocument,
    "\n  mutation RevealSecret($input: WebhookSecretRevealInput!) {\n    webhookSecretReveal(input: $input) { secret userErrors { field message code } }\n  }\n": typeof types.RevealSecretDocument,
    "\n  mutation RotateSecret($input: WebhookSecretRotateInput!) {\n    webhookSecretRotate(input: $input) { secret userErrors { field message code } }\n  }\n": typeof types.RotateSecretDocument,
    "\n  fragment WebhookRow on Webhook {\n    id\n    slug\n    name\n    description\n    url\n    status\n    environments\n    version\n    modifiedAt\n    modifiedBy { kind name appliedBy revision }\n    managedBy { set file line commit lockedFields ignoredFields }\n    listener { expiresAt }\n    health { autoDisabledAt autoDisabledReason failingSince lastAttemptAt secretsError backlog }\n  }\n": typeof types.WebhookRowFragmentDoc,
    "\n  query WebhookList($filter: WebhookFilter, $orderBy: WebhookOrder, $first: Int, $after: String, $before: String, $last: Int, $since: DateTime!, $hasLog: Boolean!) {\n    liveCursor\n    webhooks(filter: $filter, orderBy: $orderBy, first: $first, after: $after, last: $last, before: $before) {\n      totalCount\n      totalCountExact\n      pageInfo { startCursor endCursor hasNextPage hasPreviousPage }\n      nodes {\n        ...WebhookRow\n        stats(since: $since, step: HOUR) @include(if: $hasLog) { start attempts failures }\n        oldestOpenDelivery @include(if: $hasLog) { id createdAt }\n      }\n    }\n  }\n": typeof types.WebhookListDocument,
    "\n  subscription WebhookChanges($after: String) {\n    webhookChanges(after: $after) { cursor gap kind node { id version } }\n  }\n": typeof types.WebhookChangesDocument,
    "\n  subscription Ended($after: String) {\n    attempts(after: $after) { cursor gap node { id } }\n  }\n": typeof types.EndedDocument,
    "\n  mutation SetActive($input: WebhookSetActiveInput!) {\n    webhookSetActive(input: $input) {\n      webhook { ...WebhookRow }\n      userErrors { field message code }\n    }\n  }\n": typeof types.SetActiveDocument,
    "\n  mutation CreateWebhook($input: WebhookCreateInput!) {\n    webhookCreate(input: $input) {\n      webhook { id }\n      userErrors { field message code }\n    }\n  }\n": typeof types.CreateWebhookDocument,
    "\n  mutation DeleteWebhook($input: WebhookDeleteInput!) {\n    webhookDelete(input: $input) {\n      webhook { id deletedAt }\n      userErrors { field message code }\n    }\n  }\n": typeof types.DeleteWebhookDocument,
    "\n  query WebhookMissed($id: ID!, $since: DateTime) {\n    webhook(id: $id) {\n      id\n      missed(first: 1, filter: { since: $since }) { deliverableCount totalCountExact nodes { offSince offUntil } }\n    }\n  }\n": typeof types.WebhookMissedDocument,
    "\n  fragment Several on WebhooksPayload {\n    results { id webhook { id } userErrors { field message code } }\n    userErrors { field message code }\n  }\n": typeof types.SeveralFragmentDoc,
    "\n  mutation SetSeveral($input: WebhooksSetActiveInput!) {\n    webhooksSetActive(input: $input) { ...Several }\n  }\n": typeof types.SetSeveralDocument,
    "\n  mutation DeleteSeveral($input: WebhooksDeleteInput!) {\n    webhooksDelete(input: $input) { ...Several }\n  }\n": typeof types.DeleteSeveralDocument,
    "\n  mutation TestOfList($input: WebhookTestInput!) {\n    webhookTest(input: $input) { attempt { id } delivery { id } userErrors { field message code } }\n  }\n": typeof types.TestOfListDocument,
    "\n  query OneWebhook($id: ID!, $since: DateTime!, $hasLog: Boolean!) {\n    liveCursor\n    webhook(id: $id) {\n      ...WebhookRow\n      ...WebhookForm\n      deletedAt\n      stats(since: $since, step: HOUR) @include(if: $hasLog) { start attempts failures p95Ms }\n    }\n  }\n": typeof types.OneWebhookDocument,
    "\n  mutation TestWebhook($input: WebhookTestInput!) {\n    webhookTest(input: $input) { attempt { id } delivery { id } userErrors { field message code } }\n  }\n": typeof types.TestWebhookDocument,
    "\n  mutation UpdateWebhook($input: WebhookUpdateInput!) {\n    webhookUpdate(input: $input) {\n      webhook { ...WebhookForm }\n      userErrors { field message code }\n    }\n  }\n": typeof types.UpdateWebhookDocument,
    "\n  query WebhookAudit($id: ID!, $after: String) {\n    auditEntries(filter: { subjectId: $id }, first: 50, after: $after) {\n      pageInfo { endCursor hasNextPage }\n      nodes { id action at before after source reason actor { kind name appliedBy revision } requestId }\n    }\n  }\n": typeof types.WebhookAuditDocument,
};
const documents: Documents = {
    "\n  fragment Buckets on StatsBucket {\n    start\n    attempts\n    failures\n    p50Ms\n    p95Ms\n  }\n": types.BucketsFragmentDoc,
    "\n  query AllStats($since: DateTime!, $step: StatsStep!) {\n    stats(since: $since, step: $step) { ...Buckets }\n  }\n": types.AllStatsDocument,
    "\n  query WebhookStats($id: ID!, $since: DateTime!, $step: StatsStep!) {\n    webhook(id: $id) { id stats(since: $since, step: $step) { ...Buckets } }\n  }\n": types.WebhookStatsDocument,
    "\n  fragment AttemptRow on Attempt {\n    id\n    number\n    outcome\n    cause\n    statusCode\n    errorCode\n    errorMessage\n    startedAt\n    durationMs\n    nextAttemptAt\n    event { id type }\n    delivery { id }\n    webhook @include(if: $hasWebhooks) { id name retry { schedule } }\n  }\n": types.AttemptRowFragmentDoc,
    "\n  query AttemptList($filter: AttemptFilter, $after: String, $hasWebhooks: Boolean!) {\n    liveCursor\n    attempts(filter: $filter, first: 100, after: $after) {\n      pageInfo { endCursor hasNextPage }\n      nodes { ...AttemptRow }\n    }\n  }\n": types.AttemptListDocument,
    "\n  subscription AttemptsLive($filter: AttemptFilter, $after: String, $hasWebhooks: Boolean!) {\n    attempts(filter: $filter, after: $after) { cursor gap node { ...AttemptRow } }\n  }\n": types.AttemptsLiveDocument,
    "\n  query OneAttempt($id: ID!, $hasWebhooks: Boolean!) {\n    liveCursor\n    node(id: $id) {\n      __typename\n      ... on Attempt {\n        ...AttemptRow\n        event { receivedAt }\n        requestUrl\n        requestHeaders { name value }\n        requestBody\n        responseHeaders { name value }\n        responseBody\n        responseBodyBase64\n        responseTruncated\n        delivery { id status nextAttemptAt attempts(first: 50) { nodes { ...AttemptRow } } }\n      }\n    }\n  }\n": types.OneAttemptDocument,
    "\n  mutation RetryDelivery($input: DeliveryRetryInput!) {\n    deliveryRetry(input: $input) { delivery { id status } userErrors { field message code } }\n  }\n": types.RetryDeliveryDocument,
    "\n  mutation CancelDelivery($input: DeliveryCancelInput!) {\n    deliveryCancel(input: $input) { delivery { id status } userErrors { field message code } }\n  }\n": types.CancelDeliveryDocument,
    "\n  fragment JobRow on Job {\n    id\n    status\n    total\n    done\n    error\n    createdAt\n    finishedAt\n  }\n": types.JobRowFragmentDoc,
    "\n  mutation RetryAll($input: DeliveriesRetryInput!) {\n    deliveriesRetry(input: $input) {\n      job { ...JobRow }\n      counts { failed missed webhooks exact }\n      userErrors { field message code }\n    }\n  }\n": types.RetryAllDocument,
    "\n  query OneJob($id: ID!) {\n    job(id: $id) { ...JobRow }\n  }\n": types.OneJobDocument,
    "\n  subscription JobsLive {\n    jobs { gap items { ...JobRow } }\n  }\n": types.JobsLiveDocument,
    "\n  mutation CancelJob($input: JobCancelInput!) {\n    jobCancel(input: $input) {\n      job { ...JobRow }\n      userErrors { field message code }\n    }\n  }\n": types.CancelJobDocument,
    "\n  fragment AuditRow on AuditEntry {\n    id\n    action\n    actor { kind name tokenId appliedBy revision claimed { commit branch } }\n    source\n    reason\n    at\n    subjectId\n    webhook { id name }\n    before\n    after\n    requestId\n  }\n": types.AuditRowFragmentDoc,
    "\n  query AuditList($filter: AuditFilter, $first: Int, $after: String, $last: Int, $before: String) {\n    auditEntries(filter: $filter, first: $first, after: $after, last: $last, before: $before) {\n      totalCount\n      totalCountExact\n      pageInfo { startCursor endCursor hasNextPage hasPreviousPage }\n      nodes { ...AuditRow }\n    }\n  }\n": types.AuditListDocument,
    "\n  query OneEntry($id: ID!) {\n    node(id: $id) {\n      __typename\n      ... on AuditEntry { ...AuditRow }\n    }\n  }\n": types.OneEntryDocument,
    "\n  subscription AuditLive {\n    auditEntries { gap items { id action } }\n  }\n": types.AuditLiveDocument,
    "\n  fragment TypeRow on EventType {\n    id\n    name\n    description\n    schema\n    strict\n    sample\n  }\n": types.TypeRowFragmentDoc,
    "\n  query TypeList($search: String, $first: Int, $after: String, $last: Int, $before: String) {\n    eventTypes(search: $search, first: $first, after: $after, last: $last, before: $before) {\n      totalCount\n      totalCountExact\n      pageInfo { startCursor endCursor hasNextPage hasPreviousPage }\n      nodes { ...TypeRow }\n    }\n  }\n": types.TypeListDocument,
    "\n  query OneType($id: ID!) {\n    node(id: $id) {\n      __typename\n      ... on EventType { ...TypeRow }\n    }\n  }\n": types.OneTypeDocument,
    "\n  query UnlistedTypes($search: String) {\n    unlistedEventTypes(search: $search) {\n      exact\n      types { name lastReceivedAt }\n    }\n  }\n": types.UnlistedTypesDocument,
    "\n  mutation SaveType($input: EventTypeSaveInput!) {\n    eventTypeSave(input: $input) {\n      eventType { ...TypeRow }\n      userErrors { field message code }\n    }\n  }\n": types.SaveTypeDocument,
    "\n  mutation DeleteType($input: EventTypeDeleteInput!) {\n    eventTypeDelete(input: $input) {\n      eventType { id }\n      userErrors { field message code }\n    }\n  }\n": types.DeleteTypeDocument,
    "\n  fragment EventRow on Event {\n    id\n    type\n    environment\n    receivedAt\n    idempotencyKey\n  }\n": types.EventRowFragmentDoc,
    "\n  subscription EventsLive($eventType: String, $environment: String) {\n    events(eventType: $eventType, environment: $environment) {\n      gap\n      skipped\n      items { ...EventRow }\n    }\n  }\n": types.EventsLiveDocument,
    "\n  query EventList($filter: EventFilter, $first: Int, $after: String, $last: Int, $before: String) {\n    events(filter: $filter, first: $first, after: $after, last: $last, before: $before) {\n      totalCount\n      totalCountExact\n      pageInfo { startCursor endCursor hasNextPage hasPreviousPage }\n      nodes { ...EventRow }\n    }\n  }\n": types.EventListDocument,
    "\n  query OneEvent($id: ID!, $hasWebhooks: Boolean!) {\n    liveCursor\n    attempts(filter: { eventId: $id }, first: 100) { nodes { ...AttemptRow } }\n    node(id: $id) {\n      __typename\n      ... on Event {\n        id\n        type\n        environment\n        occurredAt\n        receivedAt\n        idempotencyKey\n        data\n        deliveries(first: 100) {\n          nodes { id status attemptCount nextAttemptAt finishedAt webhook @include(if: $hasWebhooks) { id name } }\n        }\n      }\n    }\n  }\n": types.OneEventDocument,
    "\n  query EventMatches($id: ID!, $after: String) {\n    node(id: $id) {\n      __typename\n      ... on Event {\n        id\n        matches(first: 100, after: $after) {\n          pageInfo { endCursor hasNextPage }\n          nodes { matches reasons webhook { id name } delivery { id } }\n        }\n      }\n    }\n  }\n": types.EventMatchesDocument,
    "\n  query EventTypeSamples {\n    eventTypes(first: 100) { nodes { id name sample } }\n  }\n": types.EventTypeSamplesDocument,
    "\n  mutation Publish($input: EventPublishInput!) {\n    eventPublish(input: $input) {\n      event { id }\n      duplicate\n      deliveryCount\n      skippedCount\n      userErrors { field message code }\n    }\n  }\n": types.PublishDocument,
    "\n  query Frame {\n    liveCursor\n    viewer { id name role scopes expiresAt workspace { id slug name } }\n    server { version environments largestEventBytes hasMailServer retention { eventDays attemptDays } }\n  }\n": types.FrameDocument,
    "\n  query NotificationList($filter: NotificationFilter, $first: Int, $after: String, $last: Int, $before: String, $hasWebhooks: Boolean!) {\n    liveCursor\n    notifications(filter: $filter, first: $first, after: $after, last: $last, before: $before) {\n      totalCount\n      totalCountExact\n      pageInfo { startCursor endCursor hasNextPage hasPreviousPage }\n      nodes {\n        id\n        kind\n        message\n        set\n        revision\n        createdAt\n        emails { address status sentAt error file }\n        webhook @include(if: $hasWebhooks) { id name deletedAt }\n      }\n    }\n  }\n": types.NotificationListDocument,
    "\n  subscription NotificationLive($after: String) {\n    notifications(after: $after) { cursor gap node { id kind } }\n  }\n": types.NotificationLiveDocument,
    "\n  query WebhookMails($id: ID!) {\n    liveCursor\n    notifications(filter: { webhookId: $id }, first: 20) {\n      nodes { id kind message createdAt emails { address status sentAt error file } }\n    }\n  }\n": types.WebhookMailsDocument,
    "\n  query WebhookHealth($id: ID!) {\n    webhook(id: $id) { id autoDisable { failures over } health { consecutiveFailures failingSince failedEvents } }\n  }\n": types.WebhookHealthDocument,
    "\n  mutation TestMail($input: WebhookTestMailInput!) {\n    webhookTestMail(input: $input) { notification { id } userErrors { field message code } }\n  }\n": types.TestMailDocument,
    "query SignIn { viewer { id } }": types.SignInDocument,
    "\n  fragment SyncSetRow on SyncSet {\n    name\n    commit\n    lastAppliedAt\n    source { kind path repository branch author actor { name } }\n    webhookCount\n    driftCount\n    revision { id number appliedAt actor { name } }\n  }\n": types.SyncSetRowFragmentDoc,
    "\n  fragment FollowedFiles on SyncSource {\n    path\n    set\n    interval\n    isFollowed\n    checkedAt\n    degradedAt\n    problem { code file line column message hint }\n  }\n": types.FollowedFilesFragmentDoc,
    "\n  query SyncSets($first: Int, $after: String, $last: Int, $before: String, $hasCursor: Boolean!) {\n    liveCursor @include(if: $hasCursor)\n    syncSets(first: $first, after: $after, last: $last, before: $before) {\n      totalCount\n      totalCountExact\n      pageInfo { startCursor endCursor hasNextPage hasPreviousPage }\n      nodes { ...SyncSetRow }\n    }\n    syncSources(first: 10) { nodes { ...FollowedFiles } }\n  }\n": types.SyncSetsDocument,
    "\n  query OneSet($name: String!, $hasCursor: Boolean!) {\n    liveCursor @include(if: $hasCursor)\n    syncSet(name: $name) { ...SyncSetRow }\n    syncSources(first: 10) { nodes { ...FollowedFiles } }\n  }\n": types.OneSetDocument,
    "\n  fragment Revision on SyncRevision {\n    id\n    number\n    commit\n    branch\n    author\n    message\n    runUrl\n    repository\n    dirty\n    actor { name }\n    created\n    updated\n    moved\n    disabled\n    deleted\n    restores\n    policyChanges\n    appliedAt\n  }\n": types.RevisionFragmentDoc,
    "\n  query SyncHistory($set: String!, $first: Int, $after: String, $last: Int, $before: String) {\n    syncRevisions(set: $set, first: $first, after: $after, last: $last, before: $before) {\n      pageInfo { startCursor endCursor hasNextPage hasPreviousPage }\n      nodes { ...Revision }\n    }\n  }\n": types.SyncHistoryDocument,
    "\n  query OneRevision($set: String!, $number: Int!, $after: String) {\n    syncRevision(set: $set, number: $number) {\n      ...Revision\n      changes(first: 50, after: $after) {\n        totalCount\n        pageInfo { endCursor hasNextPage }\n        nodes { kind slug movedFrom kept fields { field before after live changedSecrets } }\n      }\n    }\n  }\n": types.OneRevisionDocument,
    "\n  query SyncDrift($set: String!, $first: Int, $after: String, $last: Int, $before: String) {\n    syncDrift(set: $set, first: $first, after: $after, last: $last, before: $before) {\n      pageInfo { startCursor endCursor hasNextPage hasPreviousPage }\n      nodes {\n        slug\n        webhookId\n        file\n        line\n        hint\n        fields { field after live changedSecrets changedBy changedAt reason }\n      }\n    }\n  }\n": types.SyncDriftDocument,
    "\n  query SyncFile($yaml: String!) {\n    syncFile(yaml: $yaml) {\n      set\n      document\n      positions\n      problems { code message severity line column hint }\n    }\n  }\n": types.SyncFileDocument,
    "\n  fragment ShownPlan on SyncPlan {\n    digest\n    set\n    restores\n    unchanged\n    unknownSecrets\n    policyChanges\n    base { number }\n    changes { kind slug movedFrom openDeliveries line hint fields { field before after live changedSecrets changedBy reason } }\n    blocked { code message slug flag }\n    warnings { message line }\n  }\n": types.ShownPlanFragmentDoc,
    "\n  mutation SyncPlan($input: SyncPlanInput!) {\n    syncPlan(input: $input) {\n      plan { ...ShownPlan }\n      problems { code message severity line column hint }\n      userErrors { field message code }\n    }\n  }\n": types.SyncPlanDocument,
    "\n  mutation SyncRollbackPlan($input: SyncRollbackPlanInput!) {\n    syncRollbackPlan(input: $input) {\n      plan { ...ShownPlan }\n      problems { message }\n      userErrors { field message code }\n    }\n  }\n": types.SyncRollbackPlanDocument,
    "\n  mutation SyncRollback($input: SyncRollbackInput!) {\n    syncRollback(input: $input) {\n      revision { id number }\n      plan { blocked { code } }\n      problems { message }\n      userErrors { field message code }\n    }\n  }\n": types.SyncRollbackDocument,
    "\n  subscription SyncEvents($after: String) {\n    syncEvents(after: $after) { cursor gap kind set at message slug file line revision { number restores created updated moved disabled deleted } }\n  }\n": types.SyncEventsDocument,
    "\n  fragment TokenRow on Token {\n    id\n    name\n    lastFour\n    scopes\n    createdAt\n    expiresAt\n    lastUsedAt\n    revokedAt\n  }\n": types.TokenRowFragmentDoc,
    "\n  query TokenList($first: Int, $after: String, $last: Int, $before: String) {\n    tokens(first: $first, after: $after, last: $last, before: $before) {\n      totalCount\n      totalCountExact\n      pageInfo { startCursor endCursor hasNextPage hasPreviousPage }\n      nodes { ...TokenRow }\n    }\n  }\n": types.TokenListDocument,
    "\n  mutation CreateToken($input: TokenCreateInput!) {\n    tokenCreate(input: $input) {\n      token { id }\n      secret\n      userErrors { field message code }\n    }\n  }\n": types.CreateTokenDocument,
    "\n  mutation RevokeToken($input: TokenRevokeInput!) {\n    tokenRevoke(input: $input) {\n      token { ...TokenRow }\n      userErrors { field message code }\n    }\n  }\n": types.RevokeTokenDocument,
    "\n  query OneToken($id: ID!) {\n    node(id: $id) {\n      __typename\n      ... on Token { ...TokenRow }\n    }\n  }\n": types.OneTokenDocument,
    "\n  fragment WebhookForm on Webhook {\n    id\n    slug\n    version\n    name\n    description\n    url\n    active\n    environments\n    events\n    headers { name value }\n    secretHeader { name }\n    basicAuth { username }\n    filter\n    payloadTemplate\n    payloadContentType\n    timeout\n    concurrency\n    rateLimit\n    retry { schedule }\n    autoDisable { failures over }\n    labels { key value }\n    notificationEmails\n    notifyOn\n    signing { algorithm publicKey secrets { createdAt expiresAt } }\n  }\n": types.WebhookFormFragmentDoc,
    "\n  mutation DryRun($input: WebhookDryRunInput!) {\n    webhookDryRun(input: $input) {\n      matches\n      reasons\n      request { method url headers { name value } body }\n      userErrors { field message code }\n    }\n  }\n": types.DryRunDocument,
    "\n  query RecentEvents {\n    events(first: 20) { nodes { id type environment receivedAt } }\n  }\n": types.RecentEventsDocument,
    "\n  query RecentData($pattern: String!) {\n    events(first: 3, filter: { pattern: $pattern }) { nodes { data } }\n  }\n": types.RecentDataDocument,
    "\n  query EventTypeNames($after: String) {\n    eventTypes(first: 100, after: $after) { pageInfo { endCursor hasNextPage } nodes { name } }\n  }\n": types.EventTypeNamesDocument,
    "\n  query UnlistedTypeNames {\n    unlistedEventTypes { types { name } }\n  }\n": types.UnlistedTypeNamesDocument,
    "\n  query PatternCounts($patterns: [String!]!, $environments: [String!]) {\n    eventPatternCounts(patterns: $patterns, environments: $environments) { exact counts { pattern events } }\n  }\n": types.PatternCountsDocument,
    "\n  mutation RevealSecret($input: WebhookSecretRevealInput!) {\n    webhookSecretReveal(input: $input) { secret userErrors { field message code } }\n  }\n": types.RevealSecretDocument,
    "\n  mutation RotateSecret($input: WebhookSecretRotateInput!) {\n    webhookSecretRotate(input: $input) { secret userErrors { field message code } }\n  }\n": types.RotateSecretDocument,
    "\n  fragment WebhookRow on Webhook {\n    id\n    slug\n    name\n    description\n    url\n    status\n    environments\n    version\n    modifiedAt\n    modifiedBy { kind name appliedBy revision }\n    managedBy { set file line commit lockedFields ignoredFields }\n    listener { expiresAt }\n    health { autoDisabledAt autoDisabledReason failingSince lastAttemptAt secretsError backlog }\n  }\n": types.WebhookRowFragmentDoc,
    "\n  query WebhookList($filter: WebhookFilter, $orderBy: WebhookOrder, $first: Int, $after: String, $before: String, $last: Int, $since: DateTime!, $hasLog: Boolean!) {\n    liveCursor\n    webhooks(filter: $filter, orderBy: $orderBy, first: $first, after: $after, last: $last, before: $before) {\n      totalCount\n      totalCountExact\n      pageInfo { startCursor endCursor hasNextPage hasPreviousPage }\n      nodes {\n        ...WebhookRow\n        stats(since: $since, step: HOUR) @include(if: $hasLog) { start attempts failures }\n        oldestOpenDelivery @include(if: $hasLog) { id createdAt }\n      }\n    }\n  }\n": types.WebhookListDocument,
    "\n  subscription WebhookChanges($after: String) {\n    webhookChanges(after: $after) { cursor gap kind node { id version } }\n  }\n": types.WebhookChangesDocument,
    "\n  subscription Ended($after: String) {\n    attempts(after: $after) { cursor gap node { id } }\n  }\n": types.EndedDocument,
    "\n  mutation SetActive($input: WebhookSetActiveInput!) {\n    webhookSetActive(input: $input) {\n      webhook { ...WebhookRow }\n      userErrors { field message code }\n    }\n  }\n": types.SetActiveDocument,
    "\n  mutation CreateWebhook($input: WebhookCreateInput!) {\n    webhookCreate(input: $input) {\n      webhook { id }\n      userErrors { field message code }\n    }\n  }\n": types.CreateWebhookDocument,
    "\n  mutation DeleteWebhook($input: WebhookDeleteInput!) {\n    webhookDelete(input: $input) {\n      webhook { id deletedAt }\n      userErrors { field message code }\n    }\n  }\n": types.DeleteWebhookDocument,
    "\n  query WebhookMissed($id: ID!, $since: DateTime) {\n    webhook(id: $id) {\n      id\n      missed(first: 1, filter: { since: $since }) { deliverableCount totalCountExact nodes { offSince offUntil } }\n    }\n  }\n": types.WebhookMissedDocument,
    "\n  fragment Several on WebhooksPayload {\n    results { id webhook { id } userErrors { field message code } }\n    userErrors { field message code }\n  }\n": types.SeveralFragmentDoc,
    "\n  mutation SetSeveral($input: WebhooksSetActiveInput!) {\n    webhooksSetActive(input: $input) { ...Several }\n  }\n": types.SetSeveralDocument,
    "\n  mutation DeleteSeveral($input: WebhooksDeleteInput!) {\n    webhooksDelete(input: $input) { ...Several }\n  }\n": types.DeleteSeveralDocument,
    "\n  mutation TestOfList($input: WebhookTestInput!) {\n    webhookTest(input: $input) { attempt { id } delivery { id } userErrors { field message code } }\n  }\n": types.TestOfListDocument,
    "\n  query OneWebhook($id: ID!, $since: DateTime!, $hasLog: Boolean!) {\n    liveCursor\n    webhook(id: $id) {\n      ...WebhookRow\n      ...WebhookForm\n      deletedAt\n      stats(since: $since, step: HOUR) @include(if: $hasLog) { start attempts failures p95Ms }\n    }\n  }\n": types.OneWebhookDocument,
    "\n  mutation TestWebhook($input: WebhookTestInput!) {\n    webhookTest(input: $input) { attempt { id } delivery { id } userErrors { field message code } }\n  }\n": types.TestWebhookDocument,
    "\n  mutation UpdateWebhook($input: WebhookUpdateInput!) {\n    webhookUpdate(input: $input) {\n      webhook { ...WebhookForm }\n      userErrors { field message code }\n    }\n  }\n": types.UpdateWebhookDocument,
    "\n  query WebhookAudit($id: ID!, $after: String) {\n    auditEntries(filter: { subjectId: $id }, first: 50, after: $after) {\n      pageInfo { endCursor hasNextPage }\n      nodes { id action at before after source reason actor { kind name appliedBy revision } requestId }\n    }\n  }\n": types.WebhookAuditDocument,
};

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 *
 *
 * @example
 * ```ts
 * const query = graphql(`query GetUser($id: ID!) { user(id: $id) { name } }`);
 * ```
 *
 * The query argument is unknown!
 * Please regenerate the types.
 */
export function graphql(source: string): unknown;

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment Buckets on StatsBucket {\n    start\n    attempts\n    failures\n    p50Ms\n    p95Ms\n  }\n"): (typeof documents)["\n  fragment Buckets on StatsBucket {\n    start\n    attempts\n    failures\n    p50Ms\n    p95Ms\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query AllStats($since: DateTime!, $step: StatsStep!) {\n    stats(since: $since, step: $step) { ...Buckets }\n  }\n"): (typeof documents)["\n  query AllStats($since: DateTime!, $step: StatsStep!) {\n    stats(since: $since, step: $step) { ...Buckets }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query WebhookStats($id: ID!, $since: DateTime!, $step: StatsStep!) {\n    webhook(id: $id) { id stats(since: $since, step: $step) { ...Buckets } }\n  }\n"): (typeof documents)["\n  query WebhookStats($id: ID!, $since: DateTime!, $step: StatsStep!) {\n    webhook(id: $id) { id stats(since: $since, step: $step) { ...Buckets } }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment AttemptRow on Attempt {\n    id\n    number\n    outcome\n    cause\n    statusCode\n    errorCode\n    errorMessage\n    startedAt\n    durationMs\n    nextAttemptAt\n    event { id type }\n    delivery { id }\n    webhook @include(if: $hasWebhooks) { id name retry { schedule } }\n  }\n"): (typeof documents)["\n  fragment AttemptRow on Attempt {\n    id\n    number\n    outcome\n    cause\n    statusCode\n    errorCode\n    errorMessage\n    startedAt\n    durationMs\n    nextAttemptAt\n    event { id type }\n    delivery { id }\n    webhook @include(if: $hasWebhooks) { id name retry { schedule } }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query AttemptList($filter: AttemptFilter, $after: String, $hasWebhooks: Boolean!) {\n    liveCursor\n    attempts(filter: $filter, first: 100, after: $after) {\n      pageInfo { endCursor hasNextPage }\n      nodes { ...AttemptRow }\n    }\n  }\n"): (typeof documents)["\n  query AttemptList($filter: AttemptFilter, $after: String, $hasWebhooks: Boolean!) {\n    liveCursor\n    attempts(filter: $filter, first: 100, after: $after) {\n      pageInfo { endCursor hasNextPage }\n      nodes { ...AttemptRow }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  subscription AttemptsLive($filter: AttemptFilter, $after: String, $hasWebhooks: Boolean!) {\n    attempts(filter: $filter, after: $after) { cursor gap node { ...AttemptRow } }\n  }\n"): (typeof documents)["\n  subscription AttemptsLive($filter: AttemptFilter, $after: String, $hasWebhooks: Boolean!) {\n    attempts(filter: $filter, after: $after) { cursor gap node { ...AttemptRow } }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query OneAttempt($id: ID!, $hasWebhooks: Boolean!) {\n    liveCursor\n    node(id: $id) {\n      __typename\n      ... on Attempt {\n        ...AttemptRow\n        event { receivedAt }\n        requestUrl\n        requestHeaders { name value }\n        requestBody\n        responseHeaders { name value }\n        responseBody\n        responseBodyBase64\n        responseTruncated\n        delivery { id status nextAttemptAt attempts(first: 50) { nodes { ...AttemptRow } } }\n      }\n    }\n  }\n"): (typeof documents)["\n  query OneAttempt($id: ID!, $hasWebhooks: Boolean!) {\n    liveCursor\n    node(id: $id) {\n      __typename\n      ... on Attempt {\n        ...AttemptRow\n        event { receivedAt }\n        requestUrl\n        requestHeaders { name value }\n        requestBody\n        responseHeaders { name value }\n        responseBody\n        responseBodyBase64\n        responseTruncated\n        delivery { id status nextAttemptAt attempts(first: 50) { nodes { ...AttemptRow } } }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation RetryDelivery($input: DeliveryRetryInput!) {\n    deliveryRetry(input: $input) { delivery { id status } userErrors { field message code } }\n  }\n"): (typeof documents)["\n  mutation RetryDelivery($input: DeliveryRetryInput!) {\n    deliveryRetry(input: $input) { delivery { id status } userErrors { field message code } }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation CancelDelivery($input: DeliveryCancelInput!) {\n    deliveryCancel(input: $input) { delivery { id status } userErrors { field message code } }\n  }\n"): (typeof documents)["\n  mutation CancelDelivery($input: DeliveryCancelInput!) {\n    deliveryCancel(input: $input) { delivery { id status } userErrors { field message code } }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment JobRow on Job {\n    id\n    status\n    total\n    done\n    error\n    createdAt\n    finishedAt\n  }\n"): (typeof documents)["\n  fragment JobRow on Job {\n    id\n    status\n    total\n    done\n    error\n    createdAt\n    finishedAt\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation RetryAll($input: DeliveriesRetryInput!) {\n    deliveriesRetry(input: $input) {\n      job { ...JobRow }\n      counts { failed missed webhooks exact }\n      userErrors { field message code }\n    }\n  }\n"): (typeof documents)["\n  mutation RetryAll($input: DeliveriesRetryInput!) {\n    deliveriesRetry(input: $input) {\n      job { ...JobRow }\n      counts { failed missed webhooks exact }\n      userErrors { field message code }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query OneJob($id: ID!) {\n    job(id: $id) { ...JobRow }\n  }\n"): (typeof documents)["\n  query OneJob($id: ID!) {\n    job(id: $id) { ...JobRow }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  subscription JobsLive {\n    jobs { gap items { ...JobRow } }\n  }\n"): (typeof documents)["\n  subscription JobsLive {\n    jobs { gap items { ...JobRow } }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation CancelJob($input: JobCancelInput!) {\n    jobCancel(input: $input) {\n      job { ...JobRow }\n      userErrors { field message code }\n    }\n  }\n"): (typeof documents)["\n  mutation CancelJob($input: JobCancelInput!) {\n    jobCancel(input: $input) {\n      job { ...JobRow }\n      userErrors { field message code }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment AuditRow on AuditEntry {\n    id\n    action\n    actor { kind name tokenId appliedBy revision claimed { commit branch } }\n    source\n    reason\n    at\n    subjectId\n    webhook { id name }\n    before\n    after\n    requestId\n  }\n"): (typeof documents)["\n  fragment AuditRow on AuditEntry {\n    id\n    action\n    actor { kind name tokenId appliedBy revision claimed { commit branch } }\n    source\n    reason\n    at\n    subjectId\n    webhook { id name }\n    before\n    after\n    requestId\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query AuditList($filter: AuditFilter, $first: Int, $after: String, $last: Int, $before: String) {\n    auditEntries(filter: $filter, first: $first, after: $after, last: $last, before: $before) {\n      totalCount\n      totalCountExact\n      pageInfo { startCursor endCursor hasNextPage hasPreviousPage }\n      nodes { ...AuditRow }\n    }\n  }\n"): (typeof documents)["\n  query AuditList($filter: AuditFilter, $first: Int, $after: String, $last: Int, $before: String) {\n    auditEntries(filter: $filter, first: $first, after: $after, last: $last, before: $before) {\n      totalCount\n      totalCountExact\n      pageInfo { startCursor endCursor hasNextPage hasPreviousPage }\n      nodes { ...AuditRow }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query OneEntry($id: ID!) {\n    node(id: $id) {\n      __typename\n      ... on AuditEntry { ...AuditRow }\n    }\n  }\n"): (typeof documents)["\n  query OneEntry($id: ID!) {\n    node(id: $id) {\n      __typename\n      ... on AuditEntry { ...AuditRow }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  subscription AuditLive {\n    auditEntries { gap items { id action } }\n  }\n"): (typeof documents)["\n  subscription AuditLive {\n    auditEntries { gap items { id action } }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment TypeRow on EventType {\n    id\n    name\n    description\n    schema\n    strict\n    sample\n  }\n"): (typeof documents)["\n  fragment TypeRow on EventType {\n    id\n    name\n    description\n    schema\n    strict\n    sample\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query TypeList($search: String, $first: Int, $after: String, $last: Int, $before: String) {\n    eventTypes(search: $search, first: $first, after: $after, last: $last, before: $before) {\n      totalCount\n      totalCountExact\n      pageInfo { startCursor endCursor hasNextPage hasPreviousPage }\n      nodes { ...TypeRow }\n    }\n  }\n"): (typeof documents)["\n  query TypeList($search: String, $first: Int, $after: String, $last: Int, $before: String) {\n    eventTypes(search: $search, first: $first, after: $after, last: $last, before: $before) {\n      totalCount\n      totalCountExact\n      pageInfo { startCursor endCursor hasNextPage hasPreviousPage }\n      nodes { ...TypeRow }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query OneType($id: ID!) {\n    node(id: $id) {\n      __typename\n      ... on EventType { ...TypeRow }\n    }\n  }\n"): (typeof documents)["\n  query OneType($id: ID!) {\n    node(id: $id) {\n      __typename\n      ... on EventType { ...TypeRow }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query UnlistedTypes($search: String) {\n    unlistedEventTypes(search: $search) {\n      exact\n      types { name lastReceivedAt }\n    }\n  }\n"): (typeof documents)["\n  query UnlistedTypes($search: String) {\n    unlistedEventTypes(search: $search) {\n      exact\n      types { name lastReceivedAt }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation SaveType($input: EventTypeSaveInput!) {\n    eventTypeSave(input: $input) {\n      eventType { ...TypeRow }\n      userErrors { field message code }\n    }\n  }\n"): (typeof documents)["\n  mutation SaveType($input: EventTypeSaveInput!) {\n    eventTypeSave(input: $input) {\n      eventType { ...TypeRow }\n      userErrors { field message code }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation DeleteType($input: EventTypeDeleteInput!) {\n    eventTypeDelete(input: $input) {\n      eventType { id }\n      userErrors { field message code }\n    }\n  }\n"): (typeof documents)["\n  mutation DeleteType($input: EventTypeDeleteInput!) {\n    eventTypeDelete(input: $input) {\n      eventType { id }\n      userErrors { field message code }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment EventRow on Event {\n    id\n    type\n    environment\n    receivedAt\n    idempotencyKey\n  }\n"): (typeof documents)["\n  fragment EventRow on Event {\n    id\n    type\n    environment\n    receivedAt\n    idempotencyKey\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  subscription EventsLive($eventType: String, $environment: String) {\n    events(eventType: $eventType, environment: $environment) {\n      gap\n      skipped\n      items { ...EventRow }\n    }\n  }\n"): (typeof documents)["\n  subscription EventsLive($eventType: String, $environment: String) {\n    events(eventType: $eventType, environment: $environment) {\n      gap\n      skipped\n      items { ...EventRow }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query EventList($filter: EventFilter, $first: Int, $after: String, $last: Int, $before: String) {\n    events(filter: $filter, first: $first, after: $after, last: $last, before: $before) {\n      totalCount\n      totalCountExact\n      pageInfo { startCursor endCursor hasNextPage hasPreviousPage }\n      nodes { ...EventRow }\n    }\n  }\n"): (typeof documents)["\n  query EventList($filter: EventFilter, $first: Int, $after: String, $last: Int, $before: String) {\n    events(filter: $filter, first: $first, after: $after, last: $last, before: $before) {\n      totalCount\n      totalCountExact\n      pageInfo { startCursor endCursor hasNextPage hasPreviousPage }\n      nodes { ...EventRow }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query OneEvent($id: ID!, $hasWebhooks: Boolean!) {\n    liveCursor\n    attempts(filter: { eventId: $id }, first: 100) { nodes { ...AttemptRow } }\n    node(id: $id) {\n      __typename\n      ... on Event {\n        id\n        type\n        environment\n        occurredAt\n        receivedAt\n        idempotencyKey\n        data\n        deliveries(first: 100) {\n          nodes { id status attemptCount nextAttemptAt finishedAt webhook @include(if: $hasWebhooks) { id name } }\n        }\n      }\n    }\n  }\n"): (typeof documents)["\n  query OneEvent($id: ID!, $hasWebhooks: Boolean!) {\n    liveCursor\n    attempts(filter: { eventId: $id }, first: 100) { nodes { ...AttemptRow } }\n    node(id: $id) {\n      __typename\n      ... on Event {\n        id\n        type\n        environment\n        occurredAt\n        receivedAt\n        idempotencyKey\n        data\n        deliveries(first: 100) {\n          nodes { id status attemptCount nextAttemptAt finishedAt webhook @include(if: $hasWebhooks) { id name } }\n        }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query EventMatches($id: ID!, $after: String) {\n    node(id: $id) {\n      __typename\n      ... on Event {\n        id\n        matches(first: 100, after: $after) {\n          pageInfo { endCursor hasNextPage }\n          nodes { matches reasons webhook { id name } delivery { id } }\n        }\n      }\n    }\n  }\n"): (typeof documents)["\n  query EventMatches($id: ID!, $after: String) {\n    node(id: $id) {\n      __typename\n      ... on Event {\n        id\n        matches(first: 100, after: $after) {\n          pageInfo { endCursor hasNextPage }\n          nodes { matches reasons webhook { id name } delivery { id } }\n        }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query EventTypeSamples {\n    eventTypes(first: 100) { nodes { id name sample } }\n  }\n"): (typeof documents)["\n  query EventTypeSamples {\n    eventTypes(first: 100) { nodes { id name sample } }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation Publish($input: EventPublishInput!) {\n    eventPublish(input: $input) {\n      event { id }\n      duplicate\n      deliveryCount\n      skippedCount\n      userErrors { field message code }\n    }\n  }\n"): (typeof documents)["\n  mutation Publish($input: EventPublishInput!) {\n    eventPublish(input: $input) {\n      event { id }\n      duplicate\n      deliveryCount\n      skippedCount\n      userErrors { field message code }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Frame {\n    liveCursor\n    viewer { id name role scopes expiresAt workspace { id slug name } }\n    server { version environments largestEventBytes hasMailServer retention { eventDays attemptDays } }\n  }\n"): (typeof documents)["\n  query Frame {\n    liveCursor\n    viewer { id name role scopes expiresAt workspace { id slug name } }\n    server { version environments largestEventBytes hasMailServer retention { eventDays attemptDays } }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query NotificationList($filter: NotificationFilter, $first: Int, $after: String, $last: Int, $before: String, $hasWebhooks: Boolean!) {\n    liveCursor\n    notifications(filter: $filter, first: $first, after: $after, last: $last, before: $before) {\n      totalCount\n      totalCountExact\n      pageInfo { startCursor endCursor hasNextPage hasPreviousPage }\n      nodes {\n        id\n        kind\n        message\n        set\n        revision\n        createdAt\n        emails { address status sentAt error file }\n        webhook @include(if: $hasWebhooks) { id name deletedAt }\n      }\n    }\n  }\n"): (typeof documents)["\n  query NotificationList($filter: NotificationFilter, $first: Int, $after: String, $last: Int, $before: String, $hasWebhooks: Boolean!) {\n    liveCursor\n    notifications(filter: $filter, first: $first, after: $after, last: $last, before: $before) {\n      totalCount\n      totalCountExact\n      pageInfo { startCursor endCursor hasNextPage hasPreviousPage }\n      nodes {\n        id\n        kind\n        message\n        set\n        revision\n        createdAt\n        emails { address status sentAt error file }\n        webhook @include(if: $hasWebhooks) { id name deletedAt }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  subscription NotificationLive($after: String) {\n    notifications(after: $after) { cursor gap node { id kind } }\n  }\n"): (typeof documents)["\n  subscription NotificationLive($after: String) {\n    notifications(after: $after) { cursor gap node { id kind } }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query WebhookMails($id: ID!) {\n    liveCursor\n    notifications(filter: { webhookId: $id }, first: 20) {\n      nodes { id kind message createdAt emails { address status sentAt error file } }\n    }\n  }\n"): (typeof documents)["\n  query WebhookMails($id: ID!) {\n    liveCursor\n    notifications(filter: { webhookId: $id }, first: 20) {\n      nodes { id kind message createdAt emails { address status sentAt error file } }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query WebhookHealth($id: ID!) {\n    webhook(id: $id) { id autoDisable { failures over } health { consecutiveFailures failingSince failedEvents } }\n  }\n"): (typeof documents)["\n  query WebhookHealth($id: ID!) {\n    webhook(id: $id) { id autoDisable { failures over } health { consecutiveFailures failingSince failedEvents } }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation TestMail($input: WebhookTestMailInput!) {\n    webhookTestMail(input: $input) { notification { id } userErrors { field message code } }\n  }\n"): (typeof documents)["\n  mutation TestMail($input: WebhookTestMailInput!) {\n    webhookTestMail(input: $input) { notification { id } userErrors { field message code } }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query SignIn { viewer { id } }"): (typeof documents)["query SignIn { viewer { id } }"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment SyncSetRow on SyncSet {\n    name\n    commit\n    lastAppliedAt\n    source { kind path repository branch author actor { name } }\n    webhookCount\n    driftCount\n    revision { id number appliedAt actor { name } }\n  }\n"): (typeof documents)["\n  fragment SyncSetRow on SyncSet {\n    name\n    commit\n    lastAppliedAt\n    source { kind path repository branch author actor { name } }\n    webhookCount\n    driftCount\n    revision { id number appliedAt actor { name } }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment FollowedFiles on SyncSource {\n    path\n    set\n    interval\n    isFollowed\n    checkedAt\n    degradedAt\n    problem { code file line column message hint }\n  }\n"): (typeof documents)["\n  fragment FollowedFiles on SyncSource {\n    path\n    set\n    interval\n    isFollowed\n    checkedAt\n    degradedAt\n    problem { code file line column message hint }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query SyncSets($first: Int, $after: String, $last: Int, $before: String, $hasCursor: Boolean!) {\n    liveCursor @include(if: $hasCursor)\n    syncSets(first: $first, after: $after, last: $last, before: $before) {\n      totalCount\n      totalCountExact\n      pageInfo { startCursor endCursor hasNextPage hasPreviousPage }\n      nodes { ...SyncSetRow }\n    }\n    syncSources(first: 10) { nodes { ...FollowedFiles } }\n  }\n"): (typeof documents)["\n  query SyncSets($first: Int, $after: String, $last: Int, $before: String, $hasCursor: Boolean!) {\n    liveCursor @include(if: $hasCursor)\n    syncSets(first: $first, after: $after, last: $last, before: $before) {\n      totalCount\n      totalCountExact\n      pageInfo { startCursor endCursor hasNextPage hasPreviousPage }\n      nodes { ...SyncSetRow }\n    }\n    syncSources(first: 10) { nodes { ...FollowedFiles } }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query OneSet($name: String!, $hasCursor: Boolean!) {\n    liveCursor @include(if: $hasCursor)\n    syncSet(name: $name) { ...SyncSetRow }\n    syncSources(first: 10) { nodes { ...FollowedFiles } }\n  }\n"): (typeof documents)["\n  query OneSet($name: String!, $hasCursor: Boolean!) {\n    liveCursor @include(if: $hasCursor)\n    syncSet(name: $name) { ...SyncSetRow }\n    syncSources(first: 10) { nodes { ...FollowedFiles } }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment Revision on SyncRevision {\n    id\n    number\n    commit\n    branch\n    author\n    message\n    runUrl\n    repository\n    dirty\n    actor { name }\n    created\n    updated\n    moved\n    disabled\n    deleted\n    restores\n    policyChanges\n    appliedAt\n  }\n"): (typeof documents)["\n  fragment Revision on SyncRevision {\n    id\n    number\n    commit\n    branch\n    author\n    message\n    runUrl\n    repository\n    dirty\n    actor { name }\n    created\n    updated\n    moved\n    disabled\n    deleted\n    restores\n    policyChanges\n    appliedAt\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query SyncHistory($set: String!, $first: Int, $after: String, $last: Int, $before: String) {\n    syncRevisions(set: $set, first: $first, after: $after, last: $last, before: $before) {\n      pageInfo { startCursor endCursor hasNextPage hasPreviousPage }\n      nodes { ...Revision }\n    }\n  }\n"): (typeof documents)["\n  query SyncHistory($set: String!, $first: Int, $after: String, $last: Int, $before: String) {\n    syncRevisions(set: $set, first: $first, after: $after, last: $last, before: $before) {\n      pageInfo { startCursor endCursor hasNextPage hasPreviousPage }\n      nodes { ...Revision }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query OneRevision($set: String!, $number: Int!, $after: String) {\n    syncRevision(set: $set, number: $number) {\n      ...Revision\n      changes(first: 50, after: $after) {\n        totalCount\n        pageInfo { endCursor hasNextPage }\n        nodes { kind slug movedFrom kept fields { field before after live changedSecrets } }\n      }\n    }\n  }\n"): (typeof documents)["\n  query OneRevision($set: String!, $number: Int!, $after: String) {\n    syncRevision(set: $set, number: $number) {\n      ...Revision\n      changes(first: 50, after: $after) {\n        totalCount\n        pageInfo { endCursor hasNextPage }\n        nodes { kind slug movedFrom kept fields { field before after live changedSecrets } }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query SyncDrift($set: String!, $first: Int, $after: String, $last: Int, $before: String) {\n    syncDrift(set: $set, first: $first, after: $after, last: $last, before: $before) {\n      pageInfo { startCursor endCursor hasNextPage hasPreviousPage }\n      nodes {\n        slug\n        webhookId\n        file\n        line\n        hint\n        fields { field after live changedSecrets changedBy changedAt reason }\n      }\n    }\n  }\n"): (typeof documents)["\n  query SyncDrift($set: String!, $first: Int, $after: String, $last: Int, $before: String) {\n    syncDrift(set: $set, first: $first, after: $after, last: $last, before: $before) {\n      pageInfo { startCursor endCursor hasNextPage hasPreviousPage }\n      nodes {\n        slug\n        webhookId\n        file\n        line\n        hint\n        fields { field after live changedSecrets changedBy changedAt reason }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query SyncFile($yaml: String!) {\n    syncFile(yaml: $yaml) {\n      set\n      document\n      positions\n      problems { code message severity line column hint }\n    }\n  }\n"): (typeof documents)["\n  query SyncFile($yaml: String!) {\n    syncFile(yaml: $yaml) {\n      set\n      document\n      positions\n      problems { code message severity line column hint }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment ShownPlan on SyncPlan {\n    digest\n    set\n    restores\n    unchanged\n    unknownSecrets\n    policyChanges\n    base { number }\n    changes { kind slug movedFrom openDeliveries line hint fields { field before after live changedSecrets changedBy reason } }\n    blocked { code message slug flag }\n    warnings { message line }\n  }\n"): (typeof documents)["\n  fragment ShownPlan on SyncPlan {\n    digest\n    set\n    restores\n    unchanged\n    unknownSecrets\n    policyChanges\n    base { number }\n    changes { kind slug movedFrom openDeliveries line hint fields { field before after live changedSecrets changedBy reason } }\n    blocked { code message slug flag }\n    warnings { message line }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation SyncPlan($input: SyncPlanInput!) {\n    syncPlan(input: $input) {\n      plan { ...ShownPlan }\n      problems { code message severity line column hint }\n      userErrors { field message code }\n    }\n  }\n"): (typeof documents)["\n  mutation SyncPlan($input: SyncPlanInput!) {\n    syncPlan(input: $input) {\n      plan { ...ShownPlan }\n      problems { code message severity line column hint }\n      userErrors { field message code }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation SyncRollbackPlan($input: SyncRollbackPlanInput!) {\n    syncRollbackPlan(input: $input) {\n      plan { ...ShownPlan }\n      problems { message }\n      userErrors { field message code }\n    }\n  }\n"): (typeof documents)["\n  mutation SyncRollbackPlan($input: SyncRollbackPlanInput!) {\n    syncRollbackPlan(input: $input) {\n      plan { ...ShownPlan }\n      problems { message }\n      userErrors { field message code }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation SyncRollback($input: SyncRollbackInput!) {\n    syncRollback(input: $input) {\n      revision { id number }\n      plan { blocked { code } }\n      problems { message }\n      userErrors { field message code }\n    }\n  }\n"): (typeof documents)["\n  mutation SyncRollback($input: SyncRollbackInput!) {\n    syncRollback(input: $input) {\n      revision { id number }\n      plan { blocked { code } }\n      problems { message }\n      userErrors { field message code }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  subscription SyncEvents($after: String) {\n    syncEvents(after: $after) { cursor gap kind set at message slug file line revision { number restores created updated moved disabled deleted } }\n  }\n"): (typeof documents)["\n  subscription SyncEvents($after: String) {\n    syncEvents(after: $after) { cursor gap kind set at message slug file line revision { number restores created updated moved disabled deleted } }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment TokenRow on Token {\n    id\n    name\n    lastFour\n    scopes\n    createdAt\n    expiresAt\n    lastUsedAt\n    revokedAt\n  }\n"): (typeof documents)["\n  fragment TokenRow on Token {\n    id\n    name\n    lastFour\n    scopes\n    createdAt\n    expiresAt\n    lastUsedAt\n    revokedAt\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query TokenList($first: Int, $after: String, $last: Int, $before: String) {\n    tokens(first: $first, after: $after, last: $last, before: $before) {\n      totalCount\n      totalCountExact\n      pageInfo { startCursor endCursor hasNextPage hasPreviousPage }\n      nodes { ...TokenRow }\n    }\n  }\n"): (typeof documents)["\n  query TokenList($first: Int, $after: String, $last: Int, $before: String) {\n    tokens(first: $first, after: $after, last: $last, before: $before) {\n      totalCount\n      totalCountExact\n      pageInfo { startCursor endCursor hasNextPage hasPreviousPage }\n      nodes { ...TokenRow }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation CreateToken($input: TokenCreateInput!) {\n    tokenCreate(input: $input) {\n      token { id }\n      secret\n      userErrors { field message code }\n    }\n  }\n"): (typeof documents)["\n  mutation CreateToken($input: TokenCreateInput!) {\n    tokenCreate(input: $input) {\n      token { id }\n      secret\n      userErrors { field message code }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation RevokeToken($input: TokenRevokeInput!) {\n    tokenRevoke(input: $input) {\n      token { ...TokenRow }\n      userErrors { field message code }\n    }\n  }\n"): (typeof documents)["\n  mutation RevokeToken($input: TokenRevokeInput!) {\n    tokenRevoke(input: $input) {\n      token { ...TokenRow }\n      userErrors { field message code }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query OneToken($id: ID!) {\n    node(id: $id) {\n      __typename\n      ... on Token { ...TokenRow }\n    }\n  }\n"): (typeof documents)["\n  query OneToken($id: ID!) {\n    node(id: $id) {\n      __typename\n      ... on Token { ...TokenRow }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment WebhookForm on Webhook {\n    id\n    slug\n    version\n    name\n    description\n    url\n    active\n    environments\n    events\n    headers { name value }\n    secretHeader { name }\n    basicAuth { username }\n    filter\n    payloadTemplate\n    payloadContentType\n    timeout\n    concurrency\n    rateLimit\n    retry { schedule }\n    autoDisable { failures over }\n    labels { key value }\n    notificationEmails\n    notifyOn\n    signing { algorithm publicKey secrets { createdAt expiresAt } }\n  }\n"): (typeof documents)["\n  fragment WebhookForm on Webhook {\n    id\n    slug\n    version\n    name\n    description\n    url\n    active\n    environments\n    events\n    headers { name value }\n    secretHeader { name }\n    basicAuth { username }\n    filter\n    payloadTemplate\n    payloadContentType\n    timeout\n    concurrency\n    rateLimit\n    retry { schedule }\n    autoDisable { failures over }\n    labels { key value }\n    notificationEmails\n    notifyOn\n    signing { algorithm publicKey secrets { createdAt expiresAt } }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation DryRun($input: WebhookDryRunInput!) {\n    webhookDryRun(input: $input) {\n      matches\n      reasons\n      request { method url headers { name value } body }\n      userErrors { field message code }\n    }\n  }\n"): (typeof documents)["\n  mutation DryRun($input: WebhookDryRunInput!) {\n    webhookDryRun(input: $input) {\n      matches\n      reasons\n      request { method url headers { name value } body }\n      userErrors { field message code }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query RecentEvents {\n    events(first: 20) { nodes { id type environment receivedAt } }\n  }\n"): (typeof documents)["\n  query RecentEvents {\n    events(first: 20) { nodes { id type environment receivedAt } }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query RecentData($pattern: String!) {\n    events(first: 3, filter: { pattern: $pattern }) { nodes { data } }\n  }\n"): (typeof documents)["\n  query RecentData($pattern: String!) {\n    events(first: 3, filter: { pattern: $pattern }) { nodes { data } }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query EventTypeNames($after: String) {\n    eventTypes(first: 100, after: $after) { pageInfo { endCursor hasNextPage } nodes { name } }\n  }\n"): (typeof documents)["\n  query EventTypeNames($after: String) {\n    eventTypes(first: 100, after: $after) { pageInfo { endCursor hasNextPage } nodes { name } }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query UnlistedTypeNames {\n    unlistedEventTypes { types { name } }\n  }\n"): (typeof documents)["\n  query UnlistedTypeNames {\n    unlistedEventTypes { types { name } }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query PatternCounts($patterns: [String!]!, $environments: [String!]) {\n    eventPatternCounts(patterns: $patterns, environments: $environments) { exact counts { pattern events } }\n  }\n"): (typeof documents)["\n  query PatternCounts($patterns: [String!]!, $environments: [String!]) {\n    eventPatternCounts(patterns: $patterns, environments: $environments) { exact counts { pattern events } }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation RevealSecret($input: WebhookSecretRevealInput!) {\n    webhookSecretReveal(input: $input) { secret userErrors { field message code } }\n  }\n"): (typeof documents)["\n  mutation RevealSecret($input: WebhookSecretRevealInput!) {\n    webhookSecretReveal(input: $input) { secret userErrors { field message code } }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation RotateSecret($input: WebhookSecretRotateInput!) {\n    webhookSecretRotate(input: $input) { secret userErrors { field message code } }\n  }\n"): (typeof documents)["\n  mutation RotateSecret($input: WebhookSecretRotateInput!) {\n    webhookSecretRotate(input: $input) { secret userErrors { field message code } }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment WebhookRow on Webhook {\n    id\n    slug\n    name\n    description\n    url\n    status\n    environments\n    version\n    modifiedAt\n    modifiedBy { kind name appliedBy revision }\n    managedBy { set file line commit lockedFields ignoredFields }\n    listener { expiresAt }\n    health { autoDisabledAt autoDisabledReason failingSince lastAttemptAt secretsError backlog }\n  }\n"): (typeof documents)["\n  fragment WebhookRow on Webhook {\n    id\n    slug\n    name\n    description\n    url\n    status\n    environments\n    version\n    modifiedAt\n    modifiedBy { kind name appliedBy revision }\n    managedBy { set file line commit lockedFields ignoredFields }\n    listener { expiresAt }\n    health { autoDisabledAt autoDisabledReason failingSince lastAttemptAt secretsError backlog }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query WebhookList($filter: WebhookFilter, $orderBy: WebhookOrder, $first: Int, $after: String, $before: String, $last: Int, $since: DateTime!, $hasLog: Boolean!) {\n    liveCursor\n    webhooks(filter: $filter, orderBy: $orderBy, first: $first, after: $after, last: $last, before: $before) {\n      totalCount\n      totalCountExact\n      pageInfo { startCursor endCursor hasNextPage hasPreviousPage }\n      nodes {\n        ...WebhookRow\n        stats(since: $since, step: HOUR) @include(if: $hasLog) { start attempts failures }\n        oldestOpenDelivery @include(if: $hasLog) { id createdAt }\n      }\n    }\n  }\n"): (typeof documents)["\n  query WebhookList($filter: WebhookFilter, $orderBy: WebhookOrder, $first: Int, $after: String, $before: String, $last: Int, $since: DateTime!, $hasLog: Boolean!) {\n    liveCursor\n    webhooks(filter: $filter, orderBy: $orderBy, first: $first, after: $after, last: $last, before: $before) {\n      totalCount\n      totalCountExact\n      pageInfo { startCursor endCursor hasNextPage hasPreviousPage }\n      nodes {\n        ...WebhookRow\n        stats(since: $since, step: HOUR) @include(if: $hasLog) { start attempts failures }\n        oldestOpenDelivery @include(if: $hasLog) { id createdAt }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  subscription WebhookChanges($after: String) {\n    webhookChanges(after: $after) { cursor gap kind node { id version } }\n  }\n"): (typeof documents)["\n  subscription WebhookChanges($after: String) {\n    webhookChanges(after: $after) { cursor gap kind node { id version } }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  subscription Ended($after: String) {\n    attempts(after: $after) { cursor gap node { id } }\n  }\n"): (typeof documents)["\n  subscription Ended($after: String) {\n    attempts(after: $after) { cursor gap node { id } }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation SetActive($input: WebhookSetActiveInput!) {\n    webhookSetActive(input: $input) {\n      webhook { ...WebhookRow }\n      userErrors { field message code }\n    }\n  }\n"): (typeof documents)["\n  mutation SetActive($input: WebhookSetActiveInput!) {\n    webhookSetActive(input: $input) {\n      webhook { ...WebhookRow }\n      userErrors { field message code }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation CreateWebhook($input: WebhookCreateInput!) {\n    webhookCreate(input: $input) {\n      webhook { id }\n      userErrors { field message code }\n    }\n  }\n"): (typeof documents)["\n  mutation CreateWebhook($input: WebhookCreateInput!) {\n    webhookCreate(input: $input) {\n      webhook { id }\n      userErrors { field message code }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation DeleteWebhook($input: WebhookDeleteInput!) {\n    webhookDelete(input: $input) {\n      webhook { id deletedAt }\n      userErrors { field message code }\n    }\n  }\n"): (typeof documents)["\n  mutation DeleteWebhook($input: WebhookDeleteInput!) {\n    webhookDelete(input: $input) {\n      webhook { id deletedAt }\n      userErrors { field message code }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query WebhookMissed($id: ID!, $since: DateTime) {\n    webhook(id: $id) {\n      id\n      missed(first: 1, filter: { since: $since }) { deliverableCount totalCountExact nodes { offSince offUntil } }\n    }\n  }\n"): (typeof documents)["\n  query WebhookMissed($id: ID!, $since: DateTime) {\n    webhook(id: $id) {\n      id\n      missed(first: 1, filter: { since: $since }) { deliverableCount totalCountExact nodes { offSince offUntil } }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment Several on WebhooksPayload {\n    results { id webhook { id } userErrors { field message code } }\n    userErrors { field message code }\n  }\n"): (typeof documents)["\n  fragment Several on WebhooksPayload {\n    results { id webhook { id } userErrors { field message code } }\n    userErrors { field message code }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation SetSeveral($input: WebhooksSetActiveInput!) {\n    webhooksSetActive(input: $input) { ...Several }\n  }\n"): (typeof documents)["\n  mutation SetSeveral($input: WebhooksSetActiveInput!) {\n    webhooksSetActive(input: $input) { ...Several }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation DeleteSeveral($input: WebhooksDeleteInput!) {\n    webhooksDelete(input: $input) { ...Several }\n  }\n"): (typeof documents)["\n  mutation DeleteSeveral($input: WebhooksDeleteInput!) {\n    webhooksDelete(input: $input) { ...Several }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation TestOfList($input: WebhookTestInput!) {\n    webhookTest(input: $input) { attempt { id } delivery { id } userErrors { field message code } }\n  }\n"): (typeof documents)["\n  mutation TestOfList($input: WebhookTestInput!) {\n    webhookTest(input: $input) { attempt { id } delivery { id } userErrors { field message code } }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query OneWebhook($id: ID!, $since: DateTime!, $hasLog: Boolean!) {\n    liveCursor\n    webhook(id: $id) {\n      ...WebhookRow\n      ...WebhookForm\n      deletedAt\n      stats(since: $since, step: HOUR) @include(if: $hasLog) { start attempts failures p95Ms }\n    }\n  }\n"): (typeof documents)["\n  query OneWebhook($id: ID!, $since: DateTime!, $hasLog: Boolean!) {\n    liveCursor\n    webhook(id: $id) {\n      ...WebhookRow\n      ...WebhookForm\n      deletedAt\n      stats(since: $since, step: HOUR) @include(if: $hasLog) { start attempts failures p95Ms }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation TestWebhook($input: WebhookTestInput!) {\n    webhookTest(input: $input) { attempt { id } delivery { id } userErrors { field message code } }\n  }\n"): (typeof documents)["\n  mutation TestWebhook($input: WebhookTestInput!) {\n    webhookTest(input: $input) { attempt { id } delivery { id } userErrors { field message code } }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation UpdateWebhook($input: WebhookUpdateInput!) {\n    webhookUpdate(input: $input) {\n      webhook { ...WebhookForm }\n      userErrors { field message code }\n    }\n  }\n"): (typeof documents)["\n  mutation UpdateWebhook($input: WebhookUpdateInput!) {\n    webhookUpdate(input: $input) {\n      webhook { ...WebhookForm }\n      userErrors { field message code }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query WebhookAudit($id: ID!, $after: String) {\n    auditEntries(filter: { subjectId: $id }, first: 50, after: $after) {\n      pageInfo { endCursor hasNextPage }\n      nodes { id action at before after source reason actor { kind name appliedBy revision } requestId }\n    }\n  }\n"): (typeof documents)["\n  query WebhookAudit($id: ID!, $after: String) {\n    auditEntries(filter: { subjectId: $id }, first: 50, after: $after) {\n      pageInfo { endCursor hasNextPage }\n      nodes { id action at before after source reason actor { kind name appliedBy revision } requestId }\n    }\n  }\n"];

export function graphql(source: string) {
  return (documents as any)[source] ?? {};
}

export type DocumentType<TDocumentNode extends DocumentNode<any, any>> = TDocumentNode extends DocumentNode<  infer TType,  any>  ? TType  : never;