import { lazy, Suspense, useState } from "react";
import { Button, Menu, MenuItem, MenuTrigger, Popover } from "react-aria-components";
import { useClient } from "urql";
import { wordsOf } from "../api/problems";
import { useMay } from "../frame/viewer";
import type { WebhookRowFragment } from "../gql/graphql";
import { Dialog } from "../ui/Dialog";
import { copyText } from "../ui/clipboard";
import { Icon } from "../ui/icons";
import { go } from "../ui/location";
import { visible } from "../ui/times";
import { DeleteDialog } from "./DeleteDialog";
import { TEST_OF_LIST } from "./documents";
import { AS_MADE } from "./types";

// Few open it: it is no part of the first load.
const RetryAllDialog = lazy(() => import("../activity/RetryAllDialog").then((module) => ({ default: module.RetryAllDialog })));
const RotateDialog = lazy(() => import("./configure/SecretDialogs").then((module) => ({ default: module.RotateDialog })));

const ENTRIES: readonly [key: string, text: string, scopes: readonly string[]][] = [
  ["open", "Edit", []],
  ["test", "Send test", ["webhooks:write", "deliveries:read"]],
  ["retry", "Retry failed or missed…", ["deliveries:retry", "deliveries:read"]],
  ["rotate", "Rotate secret…", ["webhooks:write"]],
  ["log", "Activity log", ["deliveries:read"]],
  ["copy", "Copy id", []],
  ["delete", "Delete…", ["webhooks:write"]],
];

const ON_PAGE = ["retry", "rotate", "copy", "delete"];

interface Props {
  webhook: WebhookRowFragment;
  /** After it was deleted, or its secret rotated. */
  reload: () => void;
  onDeleted?: () => void;
  /** Without what its page shows beside the menu. */
  isOnPage?: boolean;
}

/** What can be done with a webhook, in the list and on its page. */
export function Actions({ webhook, reload, onDeleted = reload, isOnPage = false }: Props) {
  const client = useClient();
  const may = useMay();
  const [shown, setShown] = useState<"delete" | "retry" | "rotate" | null>(null);
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
    rotate: () => setShown("rotate"),
    copy: () => void copyText(webhook.id),
    delete: () => setShown("delete"),
  };
  const entries = ENTRIES.filter(([key]) => !isOnPage || ON_PAGE.includes(key));
  const whyNot = (key: string, scopes: readonly string[]) => {
    const missing = scopes.find((scope) => !may(scope));
    if (missing) return `needs ${missing}`;
    return key === "rotate" && webhook.listener ? AS_MADE : undefined;
  };
  return (
    <>
      <MenuTrigger>
        <Button className={isOnPage ? "button" : "ghost"} aria-label={`Actions for ${webhook.name}`}>
          <Icon name="more" />
        </Button>
        <Popover className="popover" placement="bottom end">
          <Menu
            className="menu"
            aria-label={`Actions for ${webhook.name}`}
            onAction={(key) => act[key]?.()}
            disabledKeys={entries.filter(([key, , scopes]) => whyNot(key, scopes)).map(([key]) => key)}
          >
            {entries.map(([key, text, scopes]) => (
              <MenuItem key={key} id={key} textValue={text} className={key === "delete" ? "danger" : undefined}>
                {whyNot(key, scopes) ? `${text.replace("…", "")} (${whyNot(key, scopes)})` : text}
              </MenuItem>
            ))}
          </Menu>
        </Popover>
      </MenuTrigger>
      <DeleteDialog webhook={webhook} isOpen={shown === "delete"} setOpen={() => setShown(null)} onDeleted={onDeleted} />
      {shown === "rotate" && (
        <Suspense fallback={null}>
          <RotateDialog
            id={webhook.id}
            close={() => {
              setShown(null);
              reload();
            }}
          />
        </Suspense>
      )}
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
