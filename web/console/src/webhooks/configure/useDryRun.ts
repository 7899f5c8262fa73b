import { useEffect, useState } from "react";
import { useClient, type Client } from "urql";
import { wordsOf } from "../../api/problems";
import type { DryRunMutation } from "../../gql/graphql";
import { placed } from "../form";
import { DRY_RUN } from "./documents";
import { useSettled } from "./useSettled";

const PAUSE_MILLISECONDS = 300;

interface Header {
  name: string;
  value: string | null;
}

export interface Tried {
  answer: NonNullable<DryRunMutation["webhookDryRun"]>;
  /** The server's words by field. */
  fields: Record<string, string>;
  rest: string[];
}

/** Tries changes of a webhook with an event; "" is the sample. Credentials are left out: no answer depends on them. */
export async function dryRun(client: Client, id: string, changes: Record<string, unknown>, eventId: string): Promise<Tried> {
  const { secretHeader: _, basicAuth: __, ...tried } = changes;
  // A row that was added and is not typed in yet says nothing about the event.
  const headers = (tried.headers as readonly Header[] | undefined)?.filter(({ name, value }) => name || value);
  const { data, error } = await client.mutation(DRY_RUN, { input: { id, changes: headers ? { ...tried, headers } : tried, eventId: eventId || null } }).toPromise();
  const answer = data?.webhookDryRun ?? { matches: null, reasons: [], request: null, userErrors: [] };
  const { fields, rest } = placed(answer.userErrors);
  return { answer, fields, rest: [...wordsOf(error, undefined), ...rest] };
}

/** What the present changes would send, asked anew when somebody stops typing. The last answer wins. isOff: there is nothing to ask. */
export function useDryRun(id: string, changes: Record<string, unknown>, eventId: string, isOff: boolean): Tried | null {
  const client = useClient();
  const asked = useSettled({ changes, eventId }, PAUSE_MILLISECONDS);
  const text = JSON.stringify(asked);
  const [tried, setTried] = useState<Tried | null>(null);
  useEffect(() => {
    if (isOff) return;
    let isOvertaken = false;
    const now = JSON.parse(text) as typeof asked;
    void dryRun(client, id, now.changes, now.eventId).then((answer) => {
      if (!isOvertaken) setTried(answer);
    });
    return () => {
      isOvertaken = true;
    };
  }, [client, id, text, isOff]);
  return tried;
}
