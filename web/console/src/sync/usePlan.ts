import { useRef, useState } from "react";
import { useClient } from "urql";
import { wordsOf } from "../api/problems";
import type { ShownPlanFragment, SyncFileQuery } from "../gql/graphql";
import { SYNC_FILE, SYNC_PLAN } from "./documents";

export type Fault = NonNullable<SyncFileQuery["syncFile"]>["problems"][number];
interface Answer {
  plan: ShownPlanFragment | null;
  faults: readonly Fault[];
  words: readonly string[];
}

const NOTHING: Answer = { plan: null, faults: [], words: [] };

/** Reads a file's text and plans it. forget: the text is another one now. */
export function usePlan() {
  const client = useClient();
  const [answer, setAnswer] = useState(NOTHING);
  const [isBusy, setBusy] = useState(false);
  // Of the latest question: what an earlier one finds is about another text.
  const round = useRef(0);
  const forget = () => {
    round.current += 1;
    setBusy(false);
    setAnswer(NOTHING);
  };
  const found = async (yaml: string): Promise<Answer> => {
    const read = await client.query(SYNC_FILE, { yaml }, { requestPolicy: "network-only" }).toPromise();
    const file = read.data?.syncFile;
    if (!file) return { ...NOTHING, words: wordsOf(read.error, undefined) };
    if (!file.set) return { ...NOTHING, faults: file.problems.filter(({ severity }) => severity === "error") };
    const input = { set: file.set, document: file.document, positions: file.positions, unresolvedSecrets: true };
    const { data, error } = await client.mutation(SYNC_PLAN, { input }).toPromise();
    const result = data?.syncPlan;
    return { plan: result?.plan ?? null, faults: result?.problems ?? [], words: wordsOf(error, result?.userErrors) };
  };
  const ask = async (yaml: string) => {
    const own = ++round.current;
    setBusy(true);
    const next = await found(yaml);
    if (own !== round.current) return;
    setBusy(false);
    setAnswer(next);
  };
  return { ...answer, isBusy, ask, forget };
}
