import { useMemo, useState } from "react";
import type { AttemptRowFragment } from "../gql/graphql";

/** Each is one request: more are sent again by a job. */
const MOST = 100;

/** Attempts that are selected, by id, with the delivery of each. */
export interface Selection {
  size: number;
  /** The deliveries of what is selected, each once. */
  deliveries: readonly string[];
  has: (row: AttemptRowFragment) => boolean;
  set: (row: AttemptRowFragment, isOn: boolean) => void;
  takeFailed: (rows: readonly AttemptRowFragment[]) => void;
  clear: () => void;
}

export function useSelection(): Selection {
  const [chosen, setChosen] = useState<ReadonlyMap<string, string>>(new Map());
  return useMemo(
    () => ({
      size: chosen.size,
      deliveries: [...new Set(chosen.values())],
      has: ({ id }) => chosen.has(id),
      set: (row, isOn) => {
        const next = new Map(chosen);
        if (!isOn) next.delete(row.id);
        else if (next.size < MOST) next.set(row.id, row.delivery.id);
        setChosen(next);
      },
      takeFailed: (rows) => {
        const failed = rows.filter(({ outcome }) => outcome !== "SUCCEEDED").slice(0, MOST);
        setChosen(new Map(failed.map((row) => [row.id, row.delivery.id])));
      },
      clear: () => setChosen(new Map()),
    }),
    [chosen],
  );
}
