import { useEffect, useId, useRef, useState } from "react";
import { Icon } from "./icons";
import { go, usePlace, withSearch } from "./location";

const PAUSE_MILLISECONDS = 200;

interface Props {
  label: string;
  /** In the address. */
  name?: string;
  /** What is wrong with the text, and what would pass. */
  error?: string | null;
}

/** The search of a list: its text stands in the address as soon as typing pauses. */
export function SearchBox({ label, name = "search", error }: Props) {
  const { search } = usePlace();
  const id = useId();
  const shown = search.get(name) ?? "";
  const [text, setText] = useState(shown);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => setText(shown), [shown]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const type = (value: string) => {
    setText(value);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => go(withSearch({ [name]: value.trim() || null, after: null, before: null }), { isReplaced: true }), PAUSE_MILLISECONDS);
  };
  return (
    <div className="searched">
      <label className="search">
        <span className="hidden">{label}</span>
        <Icon name="search" />
        <input
          type="search"
          value={text}
          placeholder={label}
          maxLength={200}
          onChange={(event) => type(event.target.value)}
          aria-invalid={error ? true : undefined}
          aria-describedby={error ? id : undefined}
        />
      </label>
      {error && (
        <span className="field-error" id={id} role="status">
          {error}
        </span>
      )}
    </div>
  );
}
