import { useState } from "react";
import { Button, Input, Label, TextField } from "react-aria-components";
import { useMay } from "../frame/viewer";
import type { WebhookRowFragment } from "../gql/graphql";
import { setPath } from "../sync/values";
import { Link } from "../ui/Link";
import { visible } from "../ui/times";

/** The file that owns a field, and the way around it for an emergency. force: is called with the reason. */
export function Managed({ webhook, force }: { webhook: Pick<WebhookRowFragment, "managedBy">; force: (reason: string) => void }) {
  const [reason, setReason] = useState("");
  const mayForce = useMay()("webhooks:force");
  const owner = webhook.managedBy;
  if (!owner) return null;
  return (
    <div className="managed">
      <dl className="facts">
        <dt>Set</dt>
        <dd>
          <Link to={setPath(owner.set)}>{visible(owner.set)}</Link>
        </dd>
        <dt>File</dt>
        <dd>
          <code>
            {visible(owner.file ?? "unknown")}
            {owner.line ? `:${owner.line}` : ""}
          </code>
        </dd>
        {owner.commit && (
          <>
            <dt>Commit</dt>
            <dd>
              <code>{visible(owner.commit)}</code>
            </dd>
          </>
        )}
      </dl>
      <p>Change it there. In an emergency change it here: the next plan of the file shows that as drift.</p>
      <TextField value={reason} onChange={setReason} isDisabled={!mayForce} maxLength={1000}>
        <Label>Reason</Label>
        <Input />
      </TextField>
      <Button className="button danger" isDisabled={!mayForce || !reason.trim()} onPress={() => force(reason.trim())}>
        Change it here anyway
      </Button>
      {!mayForce && <p className="faint">Needs the scope webhooks:force.</p>}
    </div>
  );
}
