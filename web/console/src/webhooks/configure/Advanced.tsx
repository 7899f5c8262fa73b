import { Button, Disclosure, DisclosurePanel, Heading } from "react-aria-components";
import { Icon } from "../../ui/icons";
import { go, usePlace, withSearch } from "../../ui/location";
import { Labels } from "./Labels";
import { Sending } from "./Sending";
import { Template } from "./Template";
import type { Trial } from "./useTrial";
import type { Part } from "./useWebhookForm";

const FIELDS = ["payloadTemplate", "payloadContentType", "timeout", "concurrency", "rateLimit", "retry", "autoDisable", "labels"];

interface Props extends Part {
  isOpen: boolean;
  trial: Trial;
}

/** Whether it is open: the address says so, and a refusal in it opens it. */
export function useAdvanced(fields: Record<string, string>): boolean {
  const { search } = usePlace();
  return search.has("advanced") || FIELDS.some((name) => fields[name]);
}

/** What most webhooks leave as it is. */
export function Advanced({ isOpen, ...props }: Props) {
  return (
    <Disclosure isExpanded={isOpen} onExpandedChange={(isWanted) => go(withSearch({ advanced: isWanted ? "1" : null }), { isReplaced: true })}>
      <Heading level={2} className="disclosure">
        <Button slot="trigger" className="ghost">
          <Icon name={isOpen ? "below" : "right"} /> Advanced: template, retries, limits, labels
        </Button>
      </Heading>
      <DisclosurePanel>{isOpen && <Fields {...props} />}</DisclosurePanel>
    </Disclosure>
  );
}

function Fields({ trial, ...part }: Omit<Props, "isOpen">) {
  const fields = { ...trial.tried?.fields, ...part.fields };
  return (
    <div className="form">
      <Template {...part} trial={trial} />
      <Sending {...part} fields={fields} />
      <Labels {...part} fields={fields} />
    </div>
  );
}
