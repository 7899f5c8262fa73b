import { useState } from "react";
import { Button } from "react-aria-components";
import { Check } from "../ui/Check";
import { Dialog } from "../ui/Dialog";
import { Field } from "../ui/fields";
import { Select } from "../ui/Select";
import { visible } from "../ui/times";
import { Refusals, Skeleton } from "../ui/Trouble";
import { PlanOf } from "./PlanOf";
import { type Allowed, useRollback } from "./useRollback";
import { removalsOf } from "./values";

interface Props {
  set: string;
  number: number;
  close: () => void;
}

const DRIFT = [
  ["", "Blocks it"],
  ["OVERWRITE", "Is set back"],
  ["KEEP", "Stays as it is"],
] as const;

/** Brings a set back to a revision: its plan first, with what lifts each block, then the rollback of exactly that plan. */
export function RollbackDrawer({ set, number, close }: Props) {
  const rollback = useRollback(set, number);
  const { plan, made, words, faults, isBusy } = rollback;
  const [message, setMessage] = useState("");
  const isReady = plan !== null && plan.blocked.length === 0 && plan.changes.length > 0;
  return (
    <Dialog title={`Back to revision ${number}`} isOpen setOpen={close} isDrawer isKept>
      <p>The set becomes what it was after revision {number}, as a new revision. Secrets that were changed since stay as they are now.</p>
      <Refusals words={words} />
      {!plan && !made && words.length === 0 && faults.length === 0 && <Skeleton rows={4} />}
      <div role="status" aria-label="Plan">
        {made && <Made set={set} number={number} revision={made} />}
        {faults.length > 0 && (
          <ul className="plain-list">
            {faults.map(({ message: text }, at) => (
              <li key={at}>{visible(text)}</li>
            ))}
          </ul>
        )}
        {plan && !made && plan.changes.length === 0 && plan.blocked.length === 0 && <p>Nothing would change: the set is what revision {number} says.</p>}
        {plan && !made && <PlanOf plan={plan} />}
      </div>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (isReady && !isBusy) void rollback.apply(message);
        }}
      >
        {plan && !made && <Options {...rollback} />}
        {!made && <Field label="Why" value={message} onChange={setMessage} help="Kept with the revision." />}
        <div className="buttons">
          {!made && (
            <Button type="submit" className="button primary" isDisabled={!isReady}>
              {isBusy ? "Working…" : "Bring it back"}
            </Button>
          )}
          <Button className="button" onPress={close}>
            Close
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function Made({ set, number, revision }: { set: string; number: number; revision: number }) {
  return (
    <p>
      Set {visible(set)} is back to revision {number}, as revision {revision}. The repository still says otherwise: revert the commit there too, or the next apply undoes this.
    </p>
  );
}

/** What lifts the blocks that this plan has or had. */
function Options({ plan, allowed, allow, lifted }: ReturnType<typeof useRollback>) {
  const has = (code: string) => lifted.has(code);
  const removals = plan ? removalsOf(plan.changes) : 0;
  const set = (change: Partial<Allowed>) => allow({ ...allowed, ...change });
  return (
    <>
      {has("drift") && <Select label="What was changed by hand" isLabelShown value={allowed.onDrift ?? ""} onChange={(word) => set({ onDrift: (word || null) as Allowed["onDrift"] })} options={DRIFT} />}
      {has("removals") && (
        <Check isOn={allowed.allowRemovals !== null} onChange={(isOn) => set({ allowRemovals: isOn ? removals : null })}>
          {`Take out ${removals === 1 ? "1 webhook" : `${removals} webhooks`}`}
        </Check>
      )}
      {has("adopt") && (
        <Check isOn={allowed.adopt} onChange={(adopt) => set({ adopt })}>
          Take over webhooks that no file manages
        </Check>
      )}
      {has("empty-set") && (
        <Check isOn={allowed.allowEmpty} onChange={(allowEmpty) => set({ allowEmpty })}>
          Bring back a set without webhooks
        </Check>
      )}
      {has("secret-lost") && (
        <Check isOn={allowed.allowLostSecrets} onChange={(allowLostSecrets) => set({ allowLostSecrets })}>
          Leave out secrets that are not stored any more
        </Check>
      )}
    </>
  );
}
