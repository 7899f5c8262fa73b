import { useEffect, useRef, useState } from "react";
import { useClient } from "urql";
import { wordsOf } from "../api/problems";
import type { ShownPlanFragment, SyncOptionsInput, SyncRollbackPlanMutation } from "../gql/graphql";
import { ROLLBACK, ROLLBACK_PLAN } from "./documents";

export type Allowed = Required<Pick<SyncOptionsInput, "onDrift">> & { allowRemovals: number | null; adopt: boolean; allowEmpty: boolean; allowLostSecrets: boolean };
type Fault = NonNullable<SyncRollbackPlanMutation["syncRollbackPlan"]>["problems"][number];

const NOTHING: Allowed = { onDrift: null, allowRemovals: null, adopt: false, allowEmpty: false, allowLostSecrets: false };

/** Plans a rollback, again with each option that lifts a block, and makes exactly the plan that is shown. */
export function useRollback(set: string, number: number) {
  const client = useClient();
  const [allowed, setAllowed] = useState(NOTHING);
  const [plan, setPlan] = useState<ShownPlanFragment | null>(null);
  const [faults, setFaults] = useState<readonly Fault[]>([]);
  const [words, setWords] = useState<readonly string[]>([]);
  const [made, setMade] = useState<number | null>(null);
  const [isBusy, setBusy] = useState(false);
  // Codes that blocked a plan since the drawer opened: what lifts one stays, to be taken back.
  const [lifted, setLifted] = useState<ReadonlySet<string>>(new Set());
  // Of the latest question: an earlier one is about other options.
  const round = useRef(0);
  const ask = async (options: Allowed, before: readonly string[] = []) => {
    const own = ++round.current;
    setBusy(true);
    const input = { set, revision: number, options };
    const { data, error } = await client.mutation(ROLLBACK_PLAN, { input }).toPromise();
    if (own !== round.current) return;
    const result = data?.syncRollbackPlan;
    setPlan(result?.plan ?? null);
    setFaults(result?.problems ?? []);
    setWords([...before, ...wordsOf(error, result?.userErrors)]);
    setLifted((codes) => new Set([...codes, ...(result?.plan?.blocked ?? []).map(({ code }) => code)]));
    setBusy(false);
  };
  const latest = useRef(ask);
  latest.current = ask;
  useEffect(() => {
    void latest.current(NOTHING);
  }, [set, number]);
  const allow = (options: Allowed) => {
    setAllowed(options);
    void ask(options);
  };
  const apply = async (message: string) => {
    if (!plan) return;
    setBusy(true);
    const input = { set, revision: number, options: allowed, planDigest: plan.digest, message: message.trim() || null };
    const { data, error } = await client.mutation(ROLLBACK, { input }).toPromise();
    const result = data?.syncRollback;
    setBusy(false);
    setWords(wordsOf(error, result?.userErrors));
    if (result?.revision) return setMade(result.revision.number);
    if (result?.plan) await ask(allowed, ["Something changed since this plan was made. This is the plan of now: nothing was applied."]);
  };
  return { allowed, allow, plan, faults, words, made, isBusy, lifted, apply };
}
