import { gql } from "@urql/core";
import type { graphql as Typed } from "../gql/gql";

// Its types alone come from codegen: the runtime of client-preset holds every document twice (27 kB).
const fragments = new Map<string, string>();

function withFragments(text: string, taken = new Set<string>()): string {
  const names = [...text.matchAll(/\.\.\.\s*([A-Z]\w*)/g)].map(([, name]) => name!);
  const missing = names.filter((name) => fragments.has(name) && !taken.has(name));
  return missing.reduce((whole, name) => {
    if (taken.has(name)) return whole;
    taken.add(name);
    return `${whole}\n${withFragments(fragments.get(name)!, taken)}`;
  }, text);
}

function document(text: string) {
  const name = /^\s*fragment\s+(\w+)/.exec(text)?.[1];
  if (name) fragments.set(name, text);
  return gql(withFragments(text));
}

/** The operation of a text, with the fragments that it names; these stand in modules that its own one imports. */
export const graphql = document as unknown as typeof Typed;
