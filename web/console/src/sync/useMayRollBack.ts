import { useFrame } from "../frame/viewer";

/** Whether the token may plan and apply this set, be it bound to it: sync:apply:team-a. */
export function useMayRollBack(set: string): boolean {
  const { scopes } = useFrame().viewer;
  const has = (scope: string) => scopes.includes(scope) || scopes.includes(`${scope}:${set}`);
  return scopes.includes("deliveries:read") && has("sync:plan") && has("sync:apply");
}
