import type { OneWebhookQuery, WebhookListQuery } from "../gql/graphql";

/** A webhook of the list. */
export type Row = NonNullable<WebhookListQuery["webhooks"]>["nodes"][number];
/** The webhook of a page, with all that its tabs need. */
export type Webhook = NonNullable<OneWebhookQuery["webhook"]>;
/** Why nobody may change a listener, whatever their token. */
export const AS_MADE = "a listener is as its command made it";
