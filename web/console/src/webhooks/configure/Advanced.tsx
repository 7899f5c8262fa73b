import { Button, Disclosure, DisclosurePanel, Heading } from "react-aria-components";
import { Icon } from "../../ui/icons";
import { Editor } from "../../ui/Editor";
import { Field } from "../../ui/fields";
import { go, usePlace, withSearch } from "../../ui/location";
import type { Part } from "./useWebhookForm";

const FIELDS = ["filter", "payloadTemplate", "payloadContentType", "timeout", "concurrency", "rateLimit", "retry", "autoDisable", "labels"];

/** What most webhooks leave as it is. The address says whether it is open; a refusal in it opens it. */
export function Advanced(part: Part) {
  const { form, set, fields, isDisabled } = part;
  const { search } = usePlace();
  const isOpen = search.has("advanced") || FIELDS.some((name) => fields[name]);
  return (
    <Disclosure isExpanded={isOpen} onExpandedChange={(isWanted) => go(withSearch({ advanced: isWanted ? "1" : null }), { isReplaced: true })}>
      <Heading level={2} className="disclosure">
        <Button slot="trigger" className="ghost">
          <Icon name={isOpen ? "below" : "right"} /> Advanced
        </Button>
      </Heading>
      <DisclosurePanel className="form">
        {isOpen && (
          <>
            <Editor
              label="Payload template"
              language="minijinja"
              value={form.payloadTemplate}
              onChange={(payloadTemplate) => set({ payloadTemplate })}
              error={fields.payloadTemplate}
              help="The request's body in minijinja, with event and webhook. Empty: the event as JSON."
              isDisabled={isDisabled}
            />
            <Field
              label="Content type"
              value={form.payloadContentType}
              onChange={(payloadContentType) => set({ payloadContentType })}
              error={fields.payloadContentType}
              isMono
              isDisabled={isDisabled}
            />
            <Editor
              label="Filter"
              language="json"
              value={form.filter}
              onChange={(filter) => set({ filter })}
              error={fields.filter}
              help='Conditions on the event, all of which must hold: {"data.total": {"gte": 100}}. Empty: none.'
              isDisabled={isDisabled}
            />
          </>
        )}
      </DisclosurePanel>
    </Disclosure>
  );
}
