import { useEffect, useRef, useState } from "react";
import { Icon } from "./icons";
import { go, usePlace, withSearch } from "./location";

const PAUSE_MILLISECONDS = 200;

/** The search of a list: its text stands in the address as soon as typing pauses. */
export function SearchBox({ label, name = "search" }: { label: string; name?: string }) {
  const { search } = usePlace();
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
    <label className="search">
      <span className="hidden">{label}</span>
      <Icon name="search" />
      <input type="search" value={text} placeholder={label} maxLength={200} onChange={(event) => type(event.target.value)} />
    </label>
  );
}
