import { useEffect, useRef } from "react";

const isTyping = (element: Element | null) =>
  element instanceof HTMLElement && (element.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName)) && !(element as HTMLInputElement).matches("[type=checkbox]");

/** Single keys of the page, such as `t` or `?`. None while somebody types, or with a modifier, or while a dialog is open. */
export function useKeys(keys: Record<string, (event: KeyboardEvent) => void>): void {
  const latest = useRef(keys);
  latest.current = keys;
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      if (isTyping(document.activeElement) || document.querySelector("[role=dialog]")) return;
      const act = latest.current[event.key];
      if (!act) return;
      event.preventDefault();
      act(event);
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, []);
}

/** Rows that `j` and `k` walk: each is a tr with data-row, and has a link or button that takes the focus. */
export function moveRow(step: 1 | -1): void {
  const rows = [...document.querySelectorAll<HTMLElement>("[data-row]")];
  const at = rows.findIndex((row) => row.contains(document.activeElement));
  const next = rows[Math.min(Math.max(at + step, 0), rows.length - 1)];
  next?.querySelector<HTMLElement>("[data-open]")?.focus();
}

/** A control in the row that has the focus. */
export function inRow(selector: string): HTMLElement | null {
  return document.activeElement?.closest("[data-row]")?.querySelector<HTMLElement>(selector) ?? null;
}
