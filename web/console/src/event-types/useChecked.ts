import { useEffect, useState } from "react";
import { useClient } from "urql";
import { placedAt } from "../api/problems";
import { SAVE_TYPE } from "./documents";

const PAUSE_MILLISECONDS = 400;

/** What the server says about an event type as soon as typing pauses, at the fields of `names`: it checks, and saves nothing. input: null checks nothing. */
export function useChecked(names: readonly string[], input: { name: string } | null): Record<string, string> | null {
  const client = useClient();
  const [checked, setChecked] = useState<{ of: string; fields: Record<string, string> } | null>(null);
  const text = input && JSON.stringify(input);
  useEffect(() => {
    if (!text) return;
    let isLatest = true;
    const check = async () => {
      const given = JSON.parse(text) as { name: string };
      const { data } = await client.mutation(SAVE_TYPE, { input: { ...given, dryRun: true } }).toPromise();
      // Without an answer nothing is known to be wrong: saving tells.
      if (isLatest && data) setChecked({ of: text, fields: placedAt(names, data.eventTypeSave?.userErrors ?? []).fields });
    };
    const timer = setTimeout(() => void check(), PAUSE_MILLISECONDS);
    return () => {
      isLatest = false;
      clearTimeout(timer);
    };
  }, [client, text, names]);
  return checked?.of === text ? checked.fields : null;
}
