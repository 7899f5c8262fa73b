import { type DragEvent, useState } from "react";
import { Button } from "react-aria-components";
import { Dialog } from "../ui/Dialog";
import { Editor } from "../ui/Editor";
import { visible } from "../ui/times";
import { Refusals } from "../ui/Trouble";
import { PlanOf } from "./PlanOf";
import { type Fault, usePlan } from "./usePlan";

/** What applying a webhooks file would change: of a text that is pasted, dropped or chosen. Applies nothing. */
export function PlanDrawer({ close }: { close: () => void }) {
  const [text, setText] = useState("");
  const { plan, faults, words, isBusy, ask, forget } = usePlan();
  const take = (typed: string) => {
    // The editor also says what it was given.
    if (typed === text) return;
    setText(typed);
    forget();
  };
  const read = async (file: File | undefined) => {
    if (!file) return;
    const found = await file.text();
    setText(found);
    await ask(found);
  };
  // Before the editor, which would put the file's text to what is there.
  const drop = (event: DragEvent) => {
    const [file] = event.dataTransfer.files;
    if (!file) return;
    event.preventDefault();
    event.stopPropagation();
    void read(file);
  };
  return (
    <Dialog title="Plan a webhooks file" isOpen setOpen={close} isDrawer isKept>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (!isBusy) void ask(text);
        }}
        onDropCapture={drop}
        onDragOver={(event) => event.preventDefault()}
      >
        <p>
          See what <code>hookline sync apply</code> would change. Nothing is applied, and references to secrets stay unknown.
        </p>
        <label className="field">
          <span className="label">File</span>
          <input type="file" accept=".yaml,.yml,text/yaml" onChange={({ target }) => void read(target.files?.[0])} />
        </label>
        <Editor label="YAML" language="yaml" value={text} onChange={take} error={faults[0] && placed(faults[0])} help="Paste it, drop a file here, or choose one above." />
        <div className="buttons">
          <Button type="submit" className="button primary" isDisabled={!text.trim()}>
            {isBusy ? "Planning…" : "Show the plan"}
          </Button>
          <Button className="button" onPress={close}>
            Close
          </Button>
        </div>
      </form>
      <Refusals words={words} />
      <div role="status">
        {faults.length > 0 && <Faults faults={faults} />}
        {plan && <PlanOf plan={plan} />}
      </div>
    </Dialog>
  );
}

/** As the editor finds the place. */
const placed = ({ message, line, column }: Fault): string => (line ? `${visible(message)}, in line ${line}, column ${column ?? 1}` : visible(message));

function Faults({ faults }: { faults: readonly Fault[] }) {
  return (
    <section aria-labelledby="faults">
      <h3 id="faults">{faults.length === 1 ? "1 problem: nothing can be applied" : `${faults.length} problems: nothing can be applied`}</h3>
      <ul className="plain-list">
        {faults.map((fault, at) => (
          <li key={at}>
            {fault.line && <span className="faint">line {fault.line}: </span>}
            {visible(fault.message)}
            {fault.hint && <span className="under">{visible(fault.hint)}</span>}
          </li>
        ))}
      </ul>
    </section>
  );
}
