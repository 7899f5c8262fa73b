// Patterns in their three parts, and what may stand in each. Pure.
export type Parts = [object: string, model: string, action: string];

/** The parts of a pattern; null for a text that has not three. */
export function partsOf(pattern: string): Parts | null {
  const parts = pattern.split(".");
  return parts.length === 3 ? (parts as Parts) : null;
}

/** What was typed or pasted into the part at a place: a whole pattern fills all three. */
export function withPart(parts: Parts, at: number, text: string): string {
  if (partsOf(text.trim())) return text.trim();
  return parts.map((part, place) => (place === at ? text.replace(/[.\s]/g, "") : part)).join(".");
}

/** The names that types have at a place, after the parts before it; * stands for any. */
export function choicesAt(types: readonly string[], parts: Parts, at: number): string[] {
  const names = types.flatMap((type) => {
    const own = partsOf(type);
    return own && parts.slice(0, at).every((part, place) => part === "*" || part === own[place]) ? [own[at]!] : [];
  });
  return ["*", ...[...new Set(names)].sort()];
}
