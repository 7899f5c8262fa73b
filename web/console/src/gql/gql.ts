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
    "\n  query Frame {\n    liveCursor\n    viewer { id name role scopes expiresAt workspace { id slug name } }\n    server { version environments largestEventBytes hasMailServer retention { eventDays attemptDays } }\n  }\n": typeof types.FrameDocument,
    "query SignIn { viewer { id } }": typeof types.SignInDocument,
    "\n  fragment WebhookRow on Webhook {\n    id\n    slug\n    name\n    description\n    url\n    status\n    environments\n    version\n    modifiedAt\n    modifiedBy { kind name appliedBy revision }\n    managedBy { set file line commit lockedFields }\n    health { autoDisabledAt autoDisabledReason failingSince secretsError backlog }\n  }\n": typeof types.WebhookRowFragmentDoc,
    "\n  query WebhookList($filter: WebhookFilter, $orderBy: WebhookOrder, $first: Int, $after: String, $before: String, $last: Int, $since: DateTime!, $hasLog: Boolean!) {\n    liveCursor\n    webhooks(filter: $filter, orderBy: $orderBy, first: $first, after: $after, last: $last, before: $before) {\n      totalCount\n      totalCountExact\n      pageInfo { startCursor endCursor hasNextPage hasPreviousPage }\n      nodes {\n        ...WebhookRow\n        stats(since: $since, step: HOUR) @include(if: $hasLog) { start attempts failures }\n        oldestOpenDelivery @include(if: $hasLog) { id createdAt }\n      }\n    }\n  }\n": typeof types.WebhookListDocument,
    "\n  subscription WebhookChanges($after: String) {\n    webhookChanges(after: $after) { cursor gap kind node { id version } }\n  }\n": typeof types.WebhookChangesDocument,
    "\n  mutation SetActive($input: WebhookSetActiveInput!) {\n    webhookSetActive(input: $input) {\n      webhook { ...WebhookRow }\n      userErrors { field message code }\n    }\n  }\n": typeof types.SetActiveDocument,
    "\n  mutation DeleteWebhook($input: WebhookDeleteInput!) {\n    webhookDelete(input: $input) {\n      webhook { id deletedAt }\n      userErrors { field message code }\n    }\n  }\n": typeof types.DeleteWebhookDocument,
};
const documents: Documents = {
    "\n  query Frame {\n    liveCursor\n    viewer { id name role scopes expiresAt workspace { id slug name } }\n    server { version environments largestEventBytes hasMailServer retention { eventDays attemptDays } }\n  }\n": types.FrameDocument,
    "query SignIn { viewer { id } }": types.SignInDocument,
    "\n  fragment WebhookRow on Webhook {\n    id\n    slug\n    name\n    description\n    url\n    status\n    environments\n    version\n    modifiedAt\n    modifiedBy { kind name appliedBy revision }\n    managedBy { set file line commit lockedFields }\n    health { autoDisabledAt autoDisabledReason failingSince secretsError backlog }\n  }\n": types.WebhookRowFragmentDoc,
    "\n  query WebhookList($filter: WebhookFilter, $orderBy: WebhookOrder, $first: Int, $after: String, $before: String, $last: Int, $since: DateTime!, $hasLog: Boolean!) {\n    liveCursor\n    webhooks(filter: $filter, orderBy: $orderBy, first: $first, after: $after, last: $last, before: $before) {\n      totalCount\n      totalCountExact\n      pageInfo { startCursor endCursor hasNextPage hasPreviousPage }\n      nodes {\n        ...WebhookRow\n        stats(since: $since, step: HOUR) @include(if: $hasLog) { start attempts failures }\n        oldestOpenDelivery @include(if: $hasLog) { id createdAt }\n      }\n    }\n  }\n": types.WebhookListDocument,
    "\n  subscription WebhookChanges($after: String) {\n    webhookChanges(after: $after) { cursor gap kind node { id version } }\n  }\n": types.WebhookChangesDocument,
    "\n  mutation SetActive($input: WebhookSetActiveInput!) {\n    webhookSetActive(input: $input) {\n      webhook { ...WebhookRow }\n      userErrors { field message code }\n    }\n  }\n": types.SetActiveDocument,
    "\n  mutation DeleteWebhook($input: WebhookDeleteInput!) {\n    webhookDelete(input: $input) {\n      webhook { id deletedAt }\n      userErrors { field message code }\n    }\n  }\n": types.DeleteWebhookDocument,
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
export function graphql(source: "\n  query Frame {\n    liveCursor\n    viewer { id name role scopes expiresAt workspace { id slug name } }\n    server { version environments largestEventBytes hasMailServer retention { eventDays attemptDays } }\n  }\n"): (typeof documents)["\n  query Frame {\n    liveCursor\n    viewer { id name role scopes expiresAt workspace { id slug name } }\n    server { version environments largestEventBytes hasMailServer retention { eventDays attemptDays } }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query SignIn { viewer { id } }"): (typeof documents)["query SignIn { viewer { id } }"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment WebhookRow on Webhook {\n    id\n    slug\n    name\n    description\n    url\n    status\n    environments\n    version\n    modifiedAt\n    modifiedBy { kind name appliedBy revision }\n    managedBy { set file line commit lockedFields }\n    health { autoDisabledAt autoDisabledReason failingSince secretsError backlog }\n  }\n"): (typeof documents)["\n  fragment WebhookRow on Webhook {\n    id\n    slug\n    name\n    description\n    url\n    status\n    environments\n    version\n    modifiedAt\n    modifiedBy { kind name appliedBy revision }\n    managedBy { set file line commit lockedFields }\n    health { autoDisabledAt autoDisabledReason failingSince secretsError backlog }\n  }\n"];
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
export function graphql(source: "\n  mutation SetActive($input: WebhookSetActiveInput!) {\n    webhookSetActive(input: $input) {\n      webhook { ...WebhookRow }\n      userErrors { field message code }\n    }\n  }\n"): (typeof documents)["\n  mutation SetActive($input: WebhookSetActiveInput!) {\n    webhookSetActive(input: $input) {\n      webhook { ...WebhookRow }\n      userErrors { field message code }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation DeleteWebhook($input: WebhookDeleteInput!) {\n    webhookDelete(input: $input) {\n      webhook { id deletedAt }\n      userErrors { field message code }\n    }\n  }\n"): (typeof documents)["\n  mutation DeleteWebhook($input: WebhookDeleteInput!) {\n    webhookDelete(input: $input) {\n      webhook { id deletedAt }\n      userErrors { field message code }\n    }\n  }\n"];

export function graphql(source: string) {
  return (documents as any)[source] ?? {};
}

export type DocumentType<TDocumentNode extends DocumentNode<any, any>> = TDocumentNode extends DocumentNode<  infer TType,  any>  ? TType  : never;