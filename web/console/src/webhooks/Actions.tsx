import { lazy, Suspense, useState } from "react";
import { Button, Menu, MenuItem, MenuTrigger, Popover } from "react-aria-components";
import { useClient } from "urql";
import { wordsOf } from "../api/problems";
import { useMay } from "../frame/viewer";
import { Dialog } from "../ui/Dialog";
import { Icon } from "../ui/icons";
import { go } from "../ui/location";
import { visible } from "../ui/times";
import { DeleteDialog } from "./DeleteDialog";
import { TEST_OF_LIST } from "./documents";
import type { Row } from "./types";

// Few open it: it is no part of the first load.
const RetryAllDialog = lazy(() => import("../activity/RetryAllDialog").then((module) => ({ default: module.RetryAllDialog })));

const ENTRIES: readonly [key: string, text: string, scopes: readonly string[]][] = [
  ["open", "Edit", []],
  ["test", "Send test", ["webhooks:write", "deliveries:read"]],
  ["retry", "Retry failed or missed…", ["deliveries:retry", "deliveries:read"]],
  ["log", "Activity log", ["deliveries:read"]],
  ["copy", "Copy id", []],
  ["delete", "Delete…", ["webhooks:write"]],
];

/** What can be done with a webhook of the list. */
export function Actions({ webhook, reload }: { webhook: Row; reload: () => void }) {
  const client = useClient();
  const may = useMay();
  const [shown, setShown] = useState<"delete" | "retry" | null>(null);
  const [words, setWords] = useState<string[]>([]);
  const page = `/webhooks/${webhook.id}`;
  const test = async () => {
    const { data, error } = await client.mutation(TEST_OF_LIST, { input: { id: webhook.id } }).toPromise();
    const attempt = data?.webhookTest?.attempt?.id;
    if (attempt) return go(`${page}?tab=activity&attempt=${attempt}`);
    const refused = wordsOf(error, data?.webhookTest?.userErrors);
    setWords(refused.length ? refused : ["The test was sent, and has not ended yet. Its attempt will stand in the Activity Log."]);
  };
  const act: Record<string, () => void> = {
    open: () => go(`${page}?tab=configure`),
    log: () => go(`${page}?tab=activity`),
    test: () => void test(),
    retry: () => setShown("retry"),
    copy: () => void navigator.clipboard.writeText(webhook.id),
    delete: () => setShown("delete"),
  };
  const missing = (scopes: readonly string[]) => scopes.find((scope) => !may(scope));
  return (
    <>
      <MenuTrigger>
        <Button className="ghost" aria-label={`Actions for ${webhook.name}`}>
          <Icon name="more" />
        </Button>
        <Popover className="popover" placement="bottom end">
          <Menu
            className="menu"
            aria-label={`Actions for ${webhook.name}`}
            onAction={(key) => act[key]?.()}
            disabledKeys={ENTRIES.filter(([, , scopes]) => missing(scopes)).map(([key]) => key)}
          >
            {ENTRIES.map(([key, text, scopes]) => (
              <MenuItem key={key} id={key} textValue={text} className={key === "delete" ? "danger" : undefined}>
                {missing(scopes) ? `${text.replace("…", "")} (needs ${missing(scopes)})` : text}
              </MenuItem>
            ))}
          </Menu>
        </Popover>
      </MenuTrigger>
      <DeleteDialog webhook={webhook} isOpen={shown === "delete"} setOpen={() => setShown(null)} onDeleted={reload} />
      {shown === "retry" && (
        <Suspense fallback={null}>
          <RetryAllDialog filter={{ webhookId: webhook.id }} close={() => setShown(null)} onStarted={(job) => go(`${page}?tab=activity&job=${job}`)} />
        </Suspense>
      )}
      <Dialog title={`Test of ${visible(webhook.name)}`} isOpen={words.length > 0} setOpen={() => setWords([])}>
        {words.map((text) => (
          <p key={text}>{text}</p>
        ))}
        <Button className="button" slot="close">
          Close
        </Button>
      </Dialog>
    </>
  );
}
