import { Button } from "react-aria-components";
import type { WebhookMissedQuery } from "../gql/graphql";
import { Dialog } from "../ui/Dialog";
import { visible } from "../ui/times";
import { When } from "../ui/When";

export type Missed = NonNullable<WebhookMissedQuery["webhook"]>["missed"];

interface Props {
  name: string;
  missed: Missed;
  /** null: it stays off. */
  choose: (deliverMissed: boolean | null) => void;
}

/** Asks, before a webhook is turned on, whether what it missed is delivered now. */
export function MissedDialog({ name, missed, choose }: Props) {
  const count = `${missed.totalCountExact ? "" : "more than "}${missed.deliverableCount.toLocaleString()}`;
  const offSince = missed.nodes[0]?.offSince;
  return (
    <Dialog title={`Turn ${visible(name)} on`} isOpen setOpen={() => choose(null)}>
      <p>
        It missed {count} {missed.deliverableCount === 1 ? "event" : "events"} while it was off
        {offSince && (
          <>
            , since <When at={offSince} />
          </>
        )}
        . They can be delivered now, or later from its Activity Log.
      </p>
      <div className="buttons">
        <Button className="button primary" autoFocus onPress={() => choose(true)}>
          Turn on and deliver {count}
        </Button>
        <Button className="button" onPress={() => choose(false)}>
          Turn on only
        </Button>
        <Button className="button" onPress={() => choose(null)}>
          Leave it off
        </Button>
      </div>
    </Dialog>
  );
}
