// JSON that people type, as a field holds it: an empty text is no value.

export function textOf(value: unknown): string {
  return value === null || value === undefined ? "" : JSON.stringify(value, null, 2);
}

/** The value of a text; null for an empty one. Throws for what is no JSON. */
export function jsonOf(text: string): unknown {
  return text.trim() ? JSON.parse(text) : null;
}

/** What is wrong with a text that should be JSON, in the browser's words; null if nothing is. */
export function jsonFault(text: string): string | null {
  try {
    jsonOf(text);
    return null;
  } catch (error) {
    return `This is no JSON: ${error instanceof Error ? error.message : "it can't be read"}.`;
  }
}
