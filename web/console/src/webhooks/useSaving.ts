import { useState } from "react";
import { useClient } from "urql";
import { wordsOf } from "../api/problems";
import type { WebhookFormFragment } from "../gql/graphql";
import { placed } from "./form";
import { UPDATE_WEBHOOK } from "./page-documents";

interface Saving {
  fields: Record<string, string>;
  rest: string[];
  isConflict: boolean;
  isManaged: boolean;
}

const NONE: Saving = { fields: {}, rest: [], isConflict: false, isManaged: false };

/** Saves changes of a webhook under the version that was read, and keeps what the server refused. isSaved: the last one was taken. save: the webhook as it is then, null if it was refused. */
export function useSaving(id: string) {
  const client = useClient();
  const [isBusy, setBusy] = useState(false);
  const [isSaved, setSaved] = useState(false);
  const [refused, setRefused] = useState<Saving>(NONE);
  const save = async (changes: Record<string, unknown>, ifVersion: number | null, reason?: string): Promise<WebhookFormFragment | null> => {
    setBusy(true);
    setSaved(false);
    const force = reason ? { force: true, reason } : {};
    const { data, error } = await client.mutation(UPDATE_WEBHOOK, { input: { id, ifVersion, ...force, ...changes } }).toPromise();
    setBusy(false);
    const userErrors = data?.webhookUpdate?.userErrors ?? [];
    const { fields, rest } = placed(userErrors.filter(({ code }) => code !== "VERSION_CONFLICT"));
    setRefused({
      fields,
      rest: [...wordsOf(error, undefined), ...rest],
      isConflict: userErrors.some(({ code }) => code === "VERSION_CONFLICT"),
      isManaged: userErrors.some(({ code }) => code === "FIELD_MANAGED"),
    });
    const saved = (!error && data?.webhookUpdate?.webhook) || null;
    setSaved(saved !== null);
    return saved;
  };
  const refuse = (fields: Record<string, string>) => setRefused({ ...NONE, fields });
  return { save, refuse, isBusy, isSaved, refused, forget: () => setRefused(NONE) };
}
