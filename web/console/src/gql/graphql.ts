/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { TypedDocumentNode as DocumentNode } from '@graphql-typed-document-node/core';
/** Kind of an actor. */
export type ActorKind =
  /** A person or program, identified by an API token. */
  | 'TOKEN'
  /** An apply of a webhooks file. */
  | 'SYNC'
  /** Hookline itself, or its command line. */
  | 'SYSTEM';

/** Direction of a sort order. */
export type Direction =
  /** Ascending: A to Z, oldest first. */
  | 'ASC'
  /** Descending: Z to A, newest first. */
  | 'DESC';

/** A key-value pair of a webhook. */
export type LabelInput = {
  /** Key of the label: 1 to 63 lower-case letters, digits and . _ / -, beginning with a letter or digit. */
  key: string;
  /** Value of the label. At most 200 characters. */
  value: string;
};

/** A predefined set of scopes. */
export type TokenRole =
  /** Reads webhooks, events, deliveries and attempts. */
  | 'VIEWER'
  /** Publishes events. Reads nothing. */
  | 'PUBLISHER'
  /** Reads, publishes events, changes webhooks and sends deliveries again. */
  | 'EDITOR'
  /** Reads, plans and applies webhooks files. */
  | 'SYNC'
  /** Has all scopes. */
  | 'ADMIN';

/** Code of an error in the input of a mutation. Codes are stable; messages may change. */
export type UserErrorCode =
  /** A required value is missing or empty. */
  | 'REQUIRED'
  /** A value has the wrong format. */
  | 'INVALID'
  /** No object has this ID or name, or it was deleted. */
  | 'NOT_FOUND'
  /** The slug is already in use. */
  | 'TAKEN'
  /** A value is too long or too large. */
  | 'TOO_LONG'
  /** A list has too many items, or the maximum number of objects is reached. */
  | 'TOO_MANY'
  /** A number, duration or time is outside of the allowed range. */
  | 'OUT_OF_RANGE'
  /** The operation is not possible in the present state, or not with this token. */
  | 'NOT_ALLOWED'
  /** The object was changed in the meantime. Read it again and retry with its new version. */
  | 'VERSION_CONFLICT'
  /** A webhooks file owns the field. Change it there, or use force. */
  | 'FIELD_MANAGED'
  /** The idempotency key was already used with other content. */
  | 'IDEMPOTENCY_CONFLICT'
  /** The data does not conform to the event type's schema. */
  | 'SCHEMA_MISMATCH'
  /** The event's data is older than its retention period and was removed. */
  | 'DATA_EXPIRED'
  /** Reserved. No mutation returns it. */
  | 'NOT_AVAILABLE';

/** Kind of a change of a webhook. */
export type WebhookChangeKind =
  /** The webhook was created. */
  | 'CREATED'
  /** Fields of the webhook were changed. */
  | 'UPDATED'
  /** The webhook was activated. */
  | 'ACTIVATED'
  /** The webhook was deactivated. */
  | 'DEACTIVATED'
  /** The webhook was disabled automatically because its attempts kept failing. */
  | 'AUTO_DISABLED'
  /** The webhook was deleted. */
  | 'DELETED';

/** Input of `webhookDelete`. */
export type WebhookDeleteInput = {
  /** ID of the webhook (wh_…). */
  id: string | number;
  /** Expected version. The mutation is refused with VERSION_CONFLICT if the webhook has another one. Any version by default. */
  ifVersion?: number | null | undefined;
  /** True to change fields that a webhooks file owns. Requires a reason and the scope webhooks:force. The next plan of the file shows the change as drift. */
  force?: boolean | null | undefined;
  /** Reason for the forced change. At most 1,000 characters. */
  reason?: string | null | undefined;
};

/** Conditions on webhooks. A webhook must meet all that are given; null and an empty list set no condition. */
export type WebhookFilter = {
  /** Text that the name, slug, URL, description or a label (as key=value) contains, ignoring case. At most 200 characters. */
  search?: string | null | undefined;
  /** Statuses, any of which matches. */
  status?: Array<WebhookStatus> | null | undefined;
  /** Environment whose events the webhook receives. */
  environment?: string | null | undefined;
  /** Event type that the webhook's patterns match, such as order.order.created. */
  event?: string | null | undefined;
  /** Text that the URL contains, ignoring case. */
  url?: string | null | undefined;
  /** True for webhooks that a webhooks file owns, false for all others. */
  managed?: boolean | null | undefined;
  /** Exact name of the set of the webhooks file that owns the webhook. */
  set?: string | null | undefined;
  /** True for webhooks whose latest attempts failed (`health.failingSince`), false for all others. */
  failing?: boolean | null | undefined;
  /** Label that the webhook has. */
  label?: LabelInput | null | undefined;
  /** True for deleted webhooks. By default only others are returned. */
  deleted?: boolean | null | undefined;
};

/** Sort order of webhooks. */
export type WebhookOrder = {
  /** Field to sort by. */
  field: WebhookOrderField;
  /** Direction of the order. */
  direction: Direction;
};

/** Field that a list of webhooks is sorted by. */
export type WebhookOrderField =
  /** Sort by name. */
  | 'NAME'
  /** Sort by time of creation. */
  | 'CREATED_AT'
  /** Sort by time of the last change. */
  | 'MODIFIED_AT'
  /** Sort by status: ascending AUTO_DISABLED, INACTIVE, ACTIVE. */
  | 'STATUS'
  /** Sort by `health.failingSince`: ascending those first that have been failing for longest. Those that are not failing come last in both directions. */
  | 'FAILING_SINCE'
  /** Sort by `health.lastAttemptAt`. Those without an attempt come last in both directions. */
  | 'LAST_ATTEMPT_AT'
  /** Sort by the share of failed attempts in the last 24 hours. Those without an attempt then come last in both directions. The share changes between two pages: a webhook may be on both or on none of them. */
  | 'FAILURE_RATE';

/** Input of `webhookSetActive`. */
export type WebhookSetActiveInput = {
  /** ID of the webhook (wh_…). */
  id: string | number;
  /** Expected version. The mutation is refused with VERSION_CONFLICT if the webhook has another one. Any version by default. */
  ifVersion?: number | null | undefined;
  /** True to change fields that a webhooks file owns. Requires a reason and the scope webhooks:force. The next plan of the file shows the change as drift. */
  force?: boolean | null | undefined;
  /** Reason for the forced change. At most 1,000 characters. */
  reason?: string | null | undefined;
  /** True to activate the webhook and resume its open deliveries; false to deactivate it and hold them. */
  active: boolean;
  /** True to start a job that delivers the events published while the webhook was inactive or disabled. Refused (NOT_ALLOWED) unless the webhook is activated by this. */
  deliverMissed?: boolean | null | undefined;
};

/** Status of a webhook. */
export type WebhookStatus =
  /** The webhook receives events. */
  | 'ACTIVE'
  /** The webhook was deactivated or deleted. New events are not delivered to it. Open deliveries are held until it is activated, or cancelled after a deletion. */
  | 'INACTIVE'
  /** The webhook was disabled automatically because its attempts kept failing, with the effect of INACTIVE. `webhookSetActive` activates it again. */
  | 'AUTO_DISABLED';

export type FrameQueryVariables = Exact<{ [key: string]: never; }>;


export type FrameQuery = { liveCursor: string | null, viewer: { id: string, name: string, role: TokenRole | null, scopes: Array<string>, expiresAt: string | null, workspace: { id: string, slug: string, name: string } }, server: { version: string, environments: Array<string>, largestEventBytes: number, hasMailServer: boolean, retention: { eventDays: number, attemptDays: number } } };

export type SignInQueryVariables = Exact<{ [key: string]: never; }>;


export type SignInQuery = { viewer: { id: string } };

export type WebhookRowFragment = { id: string, slug: string, name: string, description: string | null, url: string, status: WebhookStatus, environments: Array<string>, version: number, modifiedAt: string, modifiedBy: { kind: ActorKind, name: string, appliedBy: string | null, revision: number | null }, managedBy: { set: string, file: string | null, line: number | null, commit: string | null, lockedFields: Array<string> } | null, health: { autoDisabledAt: string | null, autoDisabledReason: string | null, failingSince: string | null, secretsError: string | null, backlog: number } };

export type WebhookListQueryVariables = Exact<{
  filter?: WebhookFilter | null | undefined;
  orderBy?: WebhookOrder | null | undefined;
  first?: number | null | undefined;
  after?: string | null | undefined;
  before?: string | null | undefined;
  last?: number | null | undefined;
  since: string;
  hasLog: boolean;
}>;


export type WebhookListQuery = { liveCursor: string | null, webhooks: { totalCount: number, totalCountExact: boolean, pageInfo: { startCursor: string | null, endCursor: string | null, hasNextPage: boolean, hasPreviousPage: boolean }, nodes: Array<{ id: string, slug: string, name: string, description: string | null, url: string, status: WebhookStatus, environments: Array<string>, version: number, modifiedAt: string, stats?: Array<{ start: string, attempts: number, failures: number }>, oldestOpenDelivery?: { id: string, createdAt: string } | null, modifiedBy: { kind: ActorKind, name: string, appliedBy: string | null, revision: number | null }, managedBy: { set: string, file: string | null, line: number | null, commit: string | null, lockedFields: Array<string> } | null, health: { autoDisabledAt: string | null, autoDisabledReason: string | null, failingSince: string | null, secretsError: string | null, backlog: number } }> } | null };

export type WebhookChangesSubscriptionVariables = Exact<{
  after?: string | null | undefined;
}>;


export type WebhookChangesSubscription = { webhookChanges: { cursor: string, gap: boolean, kind: WebhookChangeKind | null, node: { id: string, version: number } | null } };

export type SetActiveMutationVariables = Exact<{
  input: WebhookSetActiveInput;
}>;


export type SetActiveMutation = { webhookSetActive: { webhook: { id: string, slug: string, name: string, description: string | null, url: string, status: WebhookStatus, environments: Array<string>, version: number, modifiedAt: string, modifiedBy: { kind: ActorKind, name: string, appliedBy: string | null, revision: number | null }, managedBy: { set: string, file: string | null, line: number | null, commit: string | null, lockedFields: Array<string> } | null, health: { autoDisabledAt: string | null, autoDisabledReason: string | null, failingSince: string | null, secretsError: string | null, backlog: number } } | null, userErrors: Array<{ field: Array<string> | null, message: string, code: UserErrorCode }> } | null };

export type DeleteWebhookMutationVariables = Exact<{
  input: WebhookDeleteInput;
}>;


export type DeleteWebhookMutation = { webhookDelete: { webhook: { id: string, deletedAt: string | null } | null, userErrors: Array<{ field: Array<string> | null, message: string, code: UserErrorCode }> } | null };

export const WebhookRowFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"WebhookRow"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Webhook"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"slug"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"description"}},{"kind":"Field","name":{"kind":"Name","value":"url"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"environments"}},{"kind":"Field","name":{"kind":"Name","value":"version"}},{"kind":"Field","name":{"kind":"Name","value":"modifiedAt"}},{"kind":"Field","name":{"kind":"Name","value":"modifiedBy"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"kind"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"appliedBy"}},{"kind":"Field","name":{"kind":"Name","value":"revision"}}]}},{"kind":"Field","name":{"kind":"Name","value":"managedBy"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"set"}},{"kind":"Field","name":{"kind":"Name","value":"file"}},{"kind":"Field","name":{"kind":"Name","value":"line"}},{"kind":"Field","name":{"kind":"Name","value":"commit"}},{"kind":"Field","name":{"kind":"Name","value":"lockedFields"}}]}},{"kind":"Field","name":{"kind":"Name","value":"health"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"autoDisabledAt"}},{"kind":"Field","name":{"kind":"Name","value":"autoDisabledReason"}},{"kind":"Field","name":{"kind":"Name","value":"failingSince"}},{"kind":"Field","name":{"kind":"Name","value":"secretsError"}},{"kind":"Field","name":{"kind":"Name","value":"backlog"}}]}}]}}]} as unknown as DocumentNode<WebhookRowFragment, unknown>;
export const FrameDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Frame"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"liveCursor"}},{"kind":"Field","name":{"kind":"Name","value":"viewer"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"role"}},{"kind":"Field","name":{"kind":"Name","value":"scopes"}},{"kind":"Field","name":{"kind":"Name","value":"expiresAt"}},{"kind":"Field","name":{"kind":"Name","value":"workspace"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"slug"}},{"kind":"Field","name":{"kind":"Name","value":"name"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"server"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"version"}},{"kind":"Field","name":{"kind":"Name","value":"environments"}},{"kind":"Field","name":{"kind":"Name","value":"largestEventBytes"}},{"kind":"Field","name":{"kind":"Name","value":"hasMailServer"}},{"kind":"Field","name":{"kind":"Name","value":"retention"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"eventDays"}},{"kind":"Field","name":{"kind":"Name","value":"attemptDays"}}]}}]}}]}}]} as unknown as DocumentNode<FrameQuery, FrameQueryVariables>;
export const SignInDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"SignIn"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"viewer"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}}]}}]} as unknown as DocumentNode<SignInQuery, SignInQueryVariables>;
export const WebhookListDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"WebhookList"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"filter"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"WebhookFilter"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"orderBy"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"WebhookOrder"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"first"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"Int"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"after"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"before"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"last"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"Int"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"since"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"DateTime"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"hasLog"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"Boolean"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"liveCursor"}},{"kind":"Field","name":{"kind":"Name","value":"webhooks"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"filter"},"value":{"kind":"Variable","name":{"kind":"Name","value":"filter"}}},{"kind":"Argument","name":{"kind":"Name","value":"orderBy"},"value":{"kind":"Variable","name":{"kind":"Name","value":"orderBy"}}},{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"Variable","name":{"kind":"Name","value":"first"}}},{"kind":"Argument","name":{"kind":"Name","value":"after"},"value":{"kind":"Variable","name":{"kind":"Name","value":"after"}}},{"kind":"Argument","name":{"kind":"Name","value":"last"},"value":{"kind":"Variable","name":{"kind":"Name","value":"last"}}},{"kind":"Argument","name":{"kind":"Name","value":"before"},"value":{"kind":"Variable","name":{"kind":"Name","value":"before"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"totalCount"}},{"kind":"Field","name":{"kind":"Name","value":"totalCountExact"}},{"kind":"Field","name":{"kind":"Name","value":"pageInfo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"startCursor"}},{"kind":"Field","name":{"kind":"Name","value":"endCursor"}},{"kind":"Field","name":{"kind":"Name","value":"hasNextPage"}},{"kind":"Field","name":{"kind":"Name","value":"hasPreviousPage"}}]}},{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"WebhookRow"}},{"kind":"Field","name":{"kind":"Name","value":"stats"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"since"},"value":{"kind":"Variable","name":{"kind":"Name","value":"since"}}},{"kind":"Argument","name":{"kind":"Name","value":"step"},"value":{"kind":"EnumValue","value":"HOUR"}}],"directives":[{"kind":"Directive","name":{"kind":"Name","value":"include"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"if"},"value":{"kind":"Variable","name":{"kind":"Name","value":"hasLog"}}}]}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"start"}},{"kind":"Field","name":{"kind":"Name","value":"attempts"}},{"kind":"Field","name":{"kind":"Name","value":"failures"}}]}},{"kind":"Field","name":{"kind":"Name","value":"oldestOpenDelivery"},"directives":[{"kind":"Directive","name":{"kind":"Name","value":"include"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"if"},"value":{"kind":"Variable","name":{"kind":"Name","value":"hasLog"}}}]}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"createdAt"}}]}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"WebhookRow"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Webhook"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"slug"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"description"}},{"kind":"Field","name":{"kind":"Name","value":"url"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"environments"}},{"kind":"Field","name":{"kind":"Name","value":"version"}},{"kind":"Field","name":{"kind":"Name","value":"modifiedAt"}},{"kind":"Field","name":{"kind":"Name","value":"modifiedBy"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"kind"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"appliedBy"}},{"kind":"Field","name":{"kind":"Name","value":"revision"}}]}},{"kind":"Field","name":{"kind":"Name","value":"managedBy"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"set"}},{"kind":"Field","name":{"kind":"Name","value":"file"}},{"kind":"Field","name":{"kind":"Name","value":"line"}},{"kind":"Field","name":{"kind":"Name","value":"commit"}},{"kind":"Field","name":{"kind":"Name","value":"lockedFields"}}]}},{"kind":"Field","name":{"kind":"Name","value":"health"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"autoDisabledAt"}},{"kind":"Field","name":{"kind":"Name","value":"autoDisabledReason"}},{"kind":"Field","name":{"kind":"Name","value":"failingSince"}},{"kind":"Field","name":{"kind":"Name","value":"secretsError"}},{"kind":"Field","name":{"kind":"Name","value":"backlog"}}]}}]}}]} as unknown as DocumentNode<WebhookListQuery, WebhookListQueryVariables>;
export const WebhookChangesDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"subscription","name":{"kind":"Name","value":"WebhookChanges"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"after"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"webhookChanges"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"after"},"value":{"kind":"Variable","name":{"kind":"Name","value":"after"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"cursor"}},{"kind":"Field","name":{"kind":"Name","value":"gap"}},{"kind":"Field","name":{"kind":"Name","value":"kind"}},{"kind":"Field","name":{"kind":"Name","value":"node"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"version"}}]}}]}}]}}]} as unknown as DocumentNode<WebhookChangesSubscription, WebhookChangesSubscriptionVariables>;
export const SetActiveDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"SetActive"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"WebhookSetActiveInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"webhookSetActive"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"webhook"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"WebhookRow"}}]}},{"kind":"Field","name":{"kind":"Name","value":"userErrors"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"field"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"code"}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"WebhookRow"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Webhook"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"slug"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"description"}},{"kind":"Field","name":{"kind":"Name","value":"url"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"environments"}},{"kind":"Field","name":{"kind":"Name","value":"version"}},{"kind":"Field","name":{"kind":"Name","value":"modifiedAt"}},{"kind":"Field","name":{"kind":"Name","value":"modifiedBy"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"kind"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"appliedBy"}},{"kind":"Field","name":{"kind":"Name","value":"revision"}}]}},{"kind":"Field","name":{"kind":"Name","value":"managedBy"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"set"}},{"kind":"Field","name":{"kind":"Name","value":"file"}},{"kind":"Field","name":{"kind":"Name","value":"line"}},{"kind":"Field","name":{"kind":"Name","value":"commit"}},{"kind":"Field","name":{"kind":"Name","value":"lockedFields"}}]}},{"kind":"Field","name":{"kind":"Name","value":"health"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"autoDisabledAt"}},{"kind":"Field","name":{"kind":"Name","value":"autoDisabledReason"}},{"kind":"Field","name":{"kind":"Name","value":"failingSince"}},{"kind":"Field","name":{"kind":"Name","value":"secretsError"}},{"kind":"Field","name":{"kind":"Name","value":"backlog"}}]}}]}}]} as unknown as DocumentNode<SetActiveMutation, SetActiveMutationVariables>;
export const DeleteWebhookDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"DeleteWebhook"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"WebhookDeleteInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"webhookDelete"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"webhook"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"deletedAt"}}]}},{"kind":"Field","name":{"kind":"Name","value":"userErrors"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"field"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"code"}}]}}]}}]}}]} as unknown as DocumentNode<DeleteWebhookMutation, DeleteWebhookMutationVariables>;