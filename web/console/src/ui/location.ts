import { useSyncExternalStore } from "react";
import { basePath } from "../settings";

/** The address below the base path: all that a page shows follows from it, so that a link shows the same. */
export interface Place {
  path: string;
  search: URLSearchParams;
}

/** ask: true to leave. names: of the search that belong to what would be lost, beside the path. */
interface Guard {
  ask: () => boolean;
  names: readonly string[];
}

let guard: Guard | null = null;
let current = read();
const listeners = new Set<() => void>();

function read(): Place {
  const path = location.pathname.startsWith(`${basePath}/`) ? location.pathname.slice(basePath.length) : location.pathname;
  return { path, search: new URLSearchParams(location.search) };
}

function changed(): void {
  current = read();
  for (const listener of listeners) listener();
}

// The number of the present entry in the history: says how far Back has moved, in order to undo it.
let number = Number(history.state) || 0;
let isUndoing = false;

window.addEventListener("popstate", () => {
  const reached = Number(history.state) || 0;
  const isStaying = !isUndoing && !mayLeave(read());
  // Back has moved already: to stay means to go there again.
  if (isStaying) history.go(number - reached);
  else if (!isUndoing) {
    number = reached;
    changed();
  }
  isUndoing = isStaying;
});
window.addEventListener("beforeunload", (event) => {
  if (guard) event.preventDefault();
});

/** Asks before the page is left while a form has what is not saved. null: nobody asks. */
export function guardLeaving(next: Guard | null): void {
  guard = next;
}

function mayLeave({ path, search }: Place): boolean {
  if (!guard || (path === current.path && guard.names.every((name) => search.get(name) === current.search.get(name)))) return true;
  return guard.ask();
}

export const hrefOf = (to: string): string => basePath + to;

/** Goes to a path with its search. isReplaced: in place of the present entry of the history. */
export function go(to: string, { isReplaced = false } = {}): void {
  const [path = "", search] = to.split("?");
  const isSamePage = path === current.path;
  if (!mayLeave({ path, search: new URLSearchParams(search) })) return;
  if (!isReplaced) number += 1;
  history[isReplaced ? "replaceState" : "pushState"](number, "", hrefOf(to));
  changed();
  if (!isSamePage) window.scrollTo(0, 0);
}

/** The present path with other values in its search; null takes one away. */
export function withSearch(changes: Record<string, string | null>): string {
  const search = new URLSearchParams(current.search);
  for (const [name, value] of Object.entries(changes)) {
    if (value) search.set(name, value);
    else search.delete(name);
  }
  const text = search.toString();
  return current.path + (text && `?${text}`);
}

export function usePlace(): Place {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => current,
  );
}
