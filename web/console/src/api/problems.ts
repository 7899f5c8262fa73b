import type { CombinedError } from "@urql/core";

/** A failed operation as people see it. */
export interface Problem {
  kind: "away" | "forbidden" | "other";
  message: string;
  requestId: string | null;
}

/** The problem of an error of urql; null without one. */
export function problemOf(error: CombinedError | undefined): Problem | null {
  if (!error) return null;
  const first = error.graphQLErrors[0];
  // urql reads the answers of 401, 403, 429 and 503 too: without an error in them there was none.
  if (!first) return { kind: "away", message: "The server does not answer.", requestId: null };
  const { code, requestId } = first.extensions;
  const kind = code === "FORBIDDEN" ? "forbidden" : code === "UNAVAILABLE" ? "away" : "other";
  return { kind, message: first.message, requestId: typeof requestId === "string" ? requestId : null };
}

/** A refusal of the server's: its place in the input, and its words. */
export interface Refusal {
  field?: readonly string[] | null;
  message: string;
}

export interface UserError extends Refusal {
  code: string;
}

/** All that went wrong with a mutation, in the server's words; empty if nothing did. */
export function wordsOf(error: CombinedError | undefined, userErrors: readonly UserError[] | undefined): string[] {
  const problem = problemOf(error);
  return [...(problem ? [problem.message] : []), ...(userErrors ?? []).map(({ message }) => message)];
}

/** Refusals by the field of `names` that they stand at, and the words of those that have none there. */
export function placedAt(names: readonly string[], refusals: readonly Refusal[]): { fields: Record<string, string>; rest: string[] } {
  const fields: Record<string, string> = {};
  const rest: string[] = [];
  for (const { field, message } of refusals) {
    const own = field?.find((name) => names.includes(name));
    if (!own) {
      rest.push(message);
      continue;
    }
    // Beside its field a message need not begin with the name that the API has for it.
    const words = field?.at(-1) === own ? withoutName(message, own) : message;
    fields[own] = fields[own] ? `${fields[own]} ${words}` : words;
    // Of an item of a list: beside that, too.
    const inner = field?.slice(field.indexOf(own) + 1) ?? [];
    if (inner.length) fields[[own, ...inner].join(".")] = withoutName(message, `${own}[${inner[0]}]`);
  }
  return { fields, rest };
}

/** A refusal of a filter's value apart from other problems. names: of the filter in the API, with which the server's words begin. */
export function ofFilter(problem: Problem | null, names: readonly string[]): { words: string | null; rest: Problem | null } {
  const name = names.find((one) => problem?.kind === "other" && problem.message.startsWith(`${one} `));
  return problem && name ? { words: withoutName(problem.message, name), rest: null } : { words: null, rest: problem };
}

/** `Must be text.` of `name must be text.` */
function withoutName(message: string, name: string): string {
  if (!message.startsWith(`${name} `)) return message;
  const words = message.slice(name.length + 1);
  return words.charAt(0).toUpperCase() + words.slice(1);
}
