import { useState } from "react";
import { Field } from "../../ui/fields";
import { eventsOf } from "../form";
import type { Part } from "./useWebhookForm";

/** Patterns of the events that a webhook gets. */
export function Events({ form, set, fields, isDisabled }: Part) {
  const [text, setText] = useState(() => form.events.join("\n"));
  const change = (typed: string) => {
    setText(typed);
    set({ events: eventsOf(typed) });
  };
  // Not what is typed here: a save, or "Discard changes".
  const isTyped = eventsOf(text).join("\n") === form.events.join("\n");
  return (
    <Field
      label="Triggering events"
      value={isTyped ? text : form.events.join("\n")}
      onChange={change}
      error={fields.events}
      help="One pattern object.model.action a line; * stands for any one segment."
      isLong
      isDisabled={isDisabled}
    />
  );
}
