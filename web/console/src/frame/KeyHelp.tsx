import { Button } from "react-aria-components";
import { Dialog } from "../ui/Dialog";

const KEYS: [keys: string[], effect: string][] = [
  [["/"], "Search"],
  [["j", "k"], "Next row, row before"],
  [["↑", "↓", "Home", "End"], "In the log: another row"],
  [["←", "→"], "In the log: what the row has"],
  [["Enter"], "Open the row"],
  [["Esc"], "Close"],
  [["t"], "Turn the webhook of the row on or off"],
  [["r"], "Retry the attempt of the row"],
  [["?"], "This list"],
];

export function KeyHelp({ isOpen, setOpen }: { isOpen: boolean; setOpen: (isOpen: boolean) => void }) {
  return (
    <Dialog title="Keyboard" isOpen={isOpen} setOpen={setOpen}>
      <dl className="keys">
        {KEYS.map(([keys, effect]) => (
          <div key={effect}>
            <dt>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{effect}</dd>
          </div>
        ))}
      </dl>
      <Button className="button" slot="close">
        Close
      </Button>
    </Dialog>
  );
}
