import { useState } from "react";
import type { NotificationKind } from "../gql/graphql";
import { Select } from "../ui/Select";
import { visible } from "../ui/times";
import { KINDS } from "./EmailReceipts";
import { exampleOf } from "./mailPreview";

const SHOWN: readonly NotificationKind[] = ["AUTO_DISABLED", "FAILING", "RECOVERED", "DELIVERY_FAILED"];

/** What such a mail looks like. */
export function MailExample({ webhook }: { webhook: Parameters<typeof exampleOf>[1] }) {
  const [kind, setKind] = useState<NotificationKind>("AUTO_DISABLED");
  const example = exampleOf(kind, webhook);
  return (
    <section>
      <h2>What such a mail looks like</h2>
      <Select label="Mail about" isLabelShown value={kind} onChange={(name) => setKind(name as NotificationKind)} options={SHOWN.map((name) => [name, KINDS[name]] as const)} />
      {example && (
        <div className="payload" role="region" aria-label="Example of a mail" tabIndex={0}>
          <strong>{visible(example.subject)}</strong>
          {"\n\n"}
          {visible(example.lines.join("\n"))}
        </div>
      )}
      <p className="faint">With the figures of an example. An address gets one mail an hour for each webhook and kind; what was held comes in one mail.</p>
    </section>
  );
}
