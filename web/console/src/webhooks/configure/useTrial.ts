import { useState } from "react";
import { useQuery } from "urql";
import { useMay } from "../../frame/viewer";
import type { RecentEventsQuery } from "../../gql/graphql";
import { unsendable, type Form } from "../form";
import { RECENT_EVENTS } from "./documents";
import { useDryRun, type Tried } from "./useDryRun";

export type RecentEvent = NonNullable<RecentEventsQuery["events"]>["nodes"][number];

/** What the form as it is would make of an event, which filter and template show beside them. */
export interface Trial {
  tried: Tried | null;
  events: readonly RecentEvent[];
  /** Of the event that is tried; empty for the sample. */
  eventId: string;
  setEventId: (id: string) => void;
}

/** Tries the changes of a webhook with an event. isWanted: something shows it. */
export function useTrial(id: string, form: Form, changes: Record<string, unknown>, isWanted: boolean): Trial {
  const may = useMay();
  const [eventId, setEventId] = useState("");
  const [{ data }] = useQuery({ query: RECENT_EVENTS, pause: !isWanted || !may("deliveries:read") });
  const isOff = !isWanted || Object.keys(unsendable(form)).length > 0 || !may("webhooks:read");
  return { tried: useDryRun(id, changes, eventId, isOff), events: data?.events?.nodes ?? [], eventId, setEventId };
}
