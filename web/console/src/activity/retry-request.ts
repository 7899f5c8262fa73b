// A retry of many, as the filter of a log asks for it.
import type { AttemptFilter, DeliveriesRetryInput } from "../gql/graphql";

/** The part of a filter that says which deliveries are sent again; the time is chosen beside it. */
export function requestOf({ webhookId, environment, eventPattern }: AttemptFilter): Partial<DeliveriesRetryInput> {
  return {
    webhookId: webhookId ?? null,
    environment: environment ?? null,
    eventType: isExact(eventPattern) ? eventPattern : null,
  };
}

/** What a retry leaves aside of a filter, so that nobody takes it for narrower than it is. */
export function leftAside({ statusClass, eventPattern, eventId, deliveryId }: AttemptFilter): string[] {
  return [
    statusClass?.length ? "status" : "",
    eventPattern && !isExact(eventPattern) ? "pattern of the event type" : "",
    eventId || deliveryId ? "id" : "",
  ].filter(Boolean);
}

const isExact = (pattern: string | null | undefined): pattern is string => Boolean(pattern && !pattern.includes("*"));
