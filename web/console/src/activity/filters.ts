import { environment } from "../frame/environment";
import type { AttemptFilter, AttemptOutcome } from "../gql/graphql";
import { useStore } from "../store";
import { usePlace } from "../ui/location";
import { useTimeRange } from "../ui/TimeRange";

export const OUTCOMES = [["", "Any outcome"], ["SUCCEEDED", "Succeeded"], ["FAILED", "Failed"], ["UNKNOWN", "Unknown"]] as const;
export const CLASSES = [["", "Any status"], ["2", "2xx"], ["3", "3xx"], ["4", "4xx"], ["5", "5xx"]] as const;
/** Names in the address that a change of page or tab takes away. */
export const FILTER_NAMES = ["outcome", "status", "pattern", "object", "time", "from", "to", "attempt", "job"];
/** Changes to the address that show everything. */
export const NO_FILTER = { outcome: null, status: null, pattern: null, object: null, time: null, from: null, to: null };

/** The filter that the address holds, as the API takes it. wrong: what is no id of an event or a delivery, or of a webhook where all are shown. */
export function useAttemptFilter(webhookId: string | null): { filter: AttemptFilter; isFiltered: boolean; wrong: string | null } {
  const { search } = usePlace();
  const chosen = useStore(environment);
  const range = useTimeRange();
  const [outcome, status, pattern, object] = ["outcome", "status", "pattern", "object"].map((name) => search.get(name));
  const found = object ? idFilter(object) : {};
  // The log of a webhook shows no other one's.
  const byId = webhookId && found?.webhookId ? null : found;
  return {
    filter: {
      webhookId,
      environment: chosen,
      outcome: outcome ? [outcome as AttemptOutcome] : null,
      statusClass: status ? [Number(status)] : null,
      eventPattern: pattern ?? null,
      ...range,
      ...byId,
    },
    isFiltered: Boolean(outcome || status || pattern || object || range.since || range.until || chosen),
    wrong: byId ? null : (object ?? null),
  };
}

/** The part of a filter that an id asks for; null if it is none of an event, a delivery or a webhook. */
export function idFilter(id: string): Pick<AttemptFilter, "eventId" | "deliveryId" | "webhookId"> | null {
  if (/^wh_\w+$/.test(id)) return { webhookId: id };
  if (/^evt_\w+$/.test(id)) return { eventId: id };
  return /^dlv_\w+$/.test(id) ? { deliveryId: id } : null;
}
