import { type ReactNode, useState } from "react";
import { Button, Form, FormContext } from "react-aria-components";
import { Dialog } from "./Dialog";
import { Refusals } from "./Trouble";

interface Props {
  title: string;
  /** The word of the button that sends it. */
  action: string;
  send: () => Promise<void>;
  close: () => void;
  /** What was refused and stands at no field. */
  words: readonly string[];
  children: ReactNode;
  /** Below the form, such as what came of it. */
  after?: ReactNode;
}

/** A dialog with a form that is sent once at a time, and by itself: React Aria 1.22 and React hand an event on to a form that the dialog stands in. */
export function FormDialog({ title, action, send, close, words, children, after }: Props) {
  const [isBusy, setBusy] = useState(false);
  const submit = async () => {
    if (isBusy) return;
    setBusy(true);
    await send();
    setBusy(false);
  };
  return (
    <Dialog title={title} isOpen setOpen={close}>
      <Refusals words={words} />
      <FormContext value={null}>
        <Form
          onSubmit={(event) => {
            event.preventDefault();
            event.stopPropagation();
            void submit();
          }}
        >
          {children}
          <div className="buttons">
            <Button type="submit" className="button primary">
              {action}
            </Button>
            <Button className="button" onPress={close}>
              Close
            </Button>
          </div>
        </Form>
      </FormContext>
      {after}
    </Dialog>
  );
}
