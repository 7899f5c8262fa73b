import { useState } from "react";
import { Button, Menu, MenuItem, MenuTrigger, Popover } from "react-aria-components";
import { useMay } from "../frame/viewer";
import { Icon } from "../ui/icons";
import { go } from "../ui/location";
import { DeleteDialog } from "./DeleteDialog";
import type { Row } from "./types";

/** What can be done with a webhook of the list. */
export function Actions({ webhook, reload }: { webhook: Row; reload: () => void }) {
  const [isDeleting, setDeleting] = useState(false);
  const mayWrite = useMay()("webhooks:write");
  const act: Record<string, () => void> = {
    open: () => go(`/webhooks/${webhook.id}?tab=configure`),
    log: () => go(`/webhooks/${webhook.id}?tab=activity`),
    copy: () => void navigator.clipboard.writeText(webhook.id),
    delete: () => setDeleting(true),
  };
  return (
    <>
      <MenuTrigger>
        <Button className="ghost" aria-label={`Actions for ${webhook.name}`}>
          <Icon name="more" />
        </Button>
        <Popover className="popover" placement="bottom end">
          <Menu className="menu" onAction={(key) => act[key]?.()} disabledKeys={mayWrite ? [] : ["delete"]}>
            <MenuItem id="open">Edit</MenuItem>
            <MenuItem id="log">Activity and retries</MenuItem>
            <MenuItem id="copy">Copy id</MenuItem>
            <MenuItem id="delete" className="danger">
              {mayWrite ? "Delete…" : "Delete (needs webhooks:write)"}
            </MenuItem>
          </Menu>
        </Popover>
      </MenuTrigger>
      <DeleteDialog webhook={webhook} isOpen={isDeleting} setOpen={setDeleting} onDeleted={reload} />
    </>
  );
}
