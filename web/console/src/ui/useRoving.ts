import { type FocusEvent, type KeyboardEvent, useLayoutEffect, useRef, useState } from "react";

const CONTROLS = "a[href], button:not(:disabled), input:not(:disabled)";
const SIDEWAYS: Record<string, number> = { ArrowRight: 1, ArrowLeft: -1 };
const controlsOf = (row: HTMLElement): HTMLElement[] => [...row.querySelectorAll<HTMLElement>(CONTROLS)];
const cellOf = (control: HTMLElement): number => control.closest("td")?.cellIndex ?? -1;

/** Where a key leads to from row `at` of `count`; undefined for another key. page: rows in sight. */
function rowFor(key: string, at: number, count: number, page: number): number | undefined {
  const places: Record<string, number> = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + page, PageUp: at - page, Home: 0, End: count - 1 };
  const to = places[key];
  return to === undefined ? undefined : Math.min(Math.max(to, 0), count - 1);
}

interface Props {
  rows: readonly { id: string }[];
  /** Rows that are in sight at a time. */
  page: () => number;
  /** Brings a row into sight. */
  show: (at: number) => void;
}

/** One tab stop in a grid of which not all rows are drawn: up and down, Home and End move it from row to row, left and right within a row. */
export function useRoving({ rows, page, show }: Props) {
  const body = useRef<HTMLTableSectionElement>(null);
  const [stop, setStop] = useState<string | null>(null);
  // A cell of the row; of a row that has no control there, the one that opens it.
  const column = useRef(-1);
  const isWanted = useRef(false);
  const at = Math.max(0, rows.findIndex(({ id }) => id === stop));
  // After each render: which rows are drawn changes with every scroll.
  useLayoutEffect(() => {
    for (const row of body.current?.querySelectorAll<HTMLElement>("[data-row]") ?? []) {
      const controls = controlsOf(row);
      for (const control of controls) control.tabIndex = -1;
      if (row.dataset.row !== rows[at]?.id) continue;
      const chosen = controls.find((control) => cellOf(control) === column.current) ?? row.querySelector<HTMLElement>("[data-open]");
      if (!chosen) continue;
      chosen.tabIndex = 0;
      if (isWanted.current) chosen.focus();
      isWanted.current = false;
    }
  });
  const onFocus = ({ target }: FocusEvent<HTMLElement>) => {
    column.current = cellOf(target);
    setStop(target.closest("tr")?.dataset.row ?? null);
  };
  const onKeyDown = (event: KeyboardEvent<HTMLElement>) => {
    const target = event.target as HTMLElement;
    const row = target.closest("tr");
    if (!row || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    const step = SIDEWAYS[event.key];
    const to = rowFor(event.key, at, rows.length, page());
    if (step === undefined && to === undefined) return;
    event.preventDefault();
    if (step !== undefined) {
      const controls = controlsOf(row);
      controls[controls.indexOf(target) + step]?.focus();
    } else if (to !== undefined && to !== at) {
      isWanted.current = true;
      show(to);
      setStop(rows[to]!.id);
    }
  };
  return { at, body: { ref: body, onFocus, onKeyDown } };
}
