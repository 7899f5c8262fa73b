import { Button } from "react-aria-components";
import { Copy } from "../ui/Copy";
import { Dialog } from "../ui/Dialog";
import { visible } from "../ui/times";

/** The text of a new token, this once. A click beside it does not close it: the text would be lost. */
export function Secret({ name, text, close }: { name: string; text: string; close: () => void }) {
  return (
    <Dialog title={`Token ${visible(name)}`} isOpen setOpen={close} isKept>
      <p>This is the token. It is shown this once and cannot be read again: copy it to where it will be used.</p>
      <p className="secret">
        <code>{text}</code>
        <Copy text={text} label="token" />
      </p>
      <p className="faint">
        Send it as the header <code>Authorization: Bearer …</code>
      </p>
      <Button className="button primary" slot="close" autoFocus>
        I have copied it
      </Button>
    </Dialog>
  );
}
