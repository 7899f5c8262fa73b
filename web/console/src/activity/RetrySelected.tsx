import { useState } from "react";
import type { Selection } from "./useSelection";
import { ScopedButton } from "../ui/ScopedButton";

interface Props {
  selection: Selection;
  /** Sends a delivery again, and gives the words of a refusal. */
  retry: (deliveryId: string) => Promise<string[]>;
  setWords: (words: string[]) => void;
}

/** Sends the deliveries of what is selected again, each once, and says what became of them. */
export function RetrySelected({ selection, retry, setWords }: Props) {
  const [report, setReport] = useState("");
  const [isBusy, setBusy] = useState(false);
  const { deliveries } = selection;
  const send = async () => {
    if (isBusy) return;
    setBusy(true);
    const refused: string[] = [];
    let failures = 0;
    for (const [at, id] of deliveries.entries()) {
      setReport(`Sending ${at + 1} of ${deliveries.length}…`);
      const words = await retry(id);
      failures += words.length ? 1 : 0;
      refused.push(...words);
    }
    setBusy(false);
    setWords([...new Set(refused)]);
    setReport(`${deliveries.length - failures} queued for sending${failures ? `, ${failures} refused` : ""}.`);
    selection.clear();
  };
  return (
    <>
      {deliveries.length > 0 && (
        <ScopedButton scope="deliveries:retry" className="button" onPress={() => void send()}>
          {`Retry selected (${deliveries.length})`}
        </ScopedButton>
      )}
      <span role="status" className="faint">
        {report}
      </span>
    </>
  );
}
