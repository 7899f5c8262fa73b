import type { ReactNode } from "react";
import { Dialog as AriaDialog, Heading, Modal, ModalOverlay } from "react-aria-components";

interface Props {
  title: string;
  isOpen: boolean;
  setOpen: (isOpen: boolean) => void;
  /** A drawer stands at the side, over the list that it belongs to. */
  isDrawer?: boolean;
  /** A click beside it does not close it. */
  isKept?: boolean;
  children: ReactNode;
}

/** A window over the page: it holds the focus, Esc and a click beside it close it. */
export function Dialog({ title, isOpen, setOpen, isDrawer = false, isKept = false, children }: Props) {
  return (
    <ModalOverlay className={isDrawer ? "overlay side" : "overlay"} isDismissable={!isKept} isOpen={isOpen} onOpenChange={setOpen}>
      <Modal className={isDrawer ? "drawer" : "modal"}>
        <AriaDialog>
          <Heading slot="title" level={2}>
            {title}
          </Heading>
          {children}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}
