import { type FormEvent, useState } from "react";
import { Icon } from "../ui/icons";
import { go } from "../ui/location";

const PAGES: readonly [RegExp, (id: string) => string][] = [
  [/^wh_\w+$/, (id) => `/webhooks/${id}`],
  [/^evt_\w+$/, (id) => `/events/${id}`],
  [/^att_\w+$/, (id) => `/activity?attempt=${id}`],
  [/^dlv_\w+$/, (id) => `/activity?object=${id}`],
  [/^job_\w+$/, (id) => `/activity?job=${id}`],
  [/^ety_\w+$/, (id) => `/types?type=${id}`],
  [/^tok_\w+$/, (id) => `/tokens?token=${id}`],
  [/^aud_\w+$/, (id) => `/audit?entry=${id}`],
];

/** The page of an id; null for a text that is none. */
export function pageOf(text: string): string | null {
  const id = text.trim();
  return PAGES.find(([form]) => form.test(id))?.[1](id) ?? null;
}

/** Goes to whatever has an id. */
export function GoTo() {
  const [text, setText] = useState("");
  const [isWrong, setWrong] = useState(false);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const page = pageOf(text);
    setWrong(!page && Boolean(text.trim()));
    if (!page) return;
    setText("");
    go(page);
  };
  return (
    <form className="go-to" role="search" aria-label="By ID" onSubmit={submit}>
      <label className="search">
        <span className="hidden">Go to an ID</span>
        <Icon name="search" />
        <input
          type="text"
          value={text}
          placeholder="Go to evt_…, wh_…, dlv_…, att_…"
          maxLength={60}
          aria-invalid={isWrong}
          aria-describedby={isWrong ? "go-to-wrong" : undefined}
          onChange={({ target }) => setText(target.value)}
        />
      </label>
      {isWrong && (
        <span id="go-to-wrong" className="field-error" role="alert">
          Not an ID of an event, webhook, delivery or attempt.
        </span>
      )}
    </form>
  );
}
