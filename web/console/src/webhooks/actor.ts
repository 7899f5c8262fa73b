import { visible } from "../ui/times";

/** The originator of a change in a few words. */
export function actorName({ name, appliedBy, revision }: { name: string; appliedBy?: string | null; revision?: number | null }): string {
  const shown = visible(name);
  if (revision === null || revision === undefined) return shown;
  return `${shown} revision ${revision}${appliedBy ? `, ${visible(appliedBy)}` : ""}`;
}
