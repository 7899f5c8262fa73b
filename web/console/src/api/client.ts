import { Client, cacheExchange, fetchExchange, mapExchange, type CombinedError } from "@urql/core";
import { apiPath } from "../settings";
import { signOut } from "../session/session";

export const SIGNED_OUT = "The server does not accept this token any more: it was revoked, has expired, or is another server's.";

/** The client of one token. Another sign-in makes another one: nothing of the last token's answers stays in its cache. */
export function makeClient(token: string): Client {
  return new Client({
    url: apiPath,
    exchanges: [mapExchange({ onError: signOutIfRefused }), cacheExchange, fetchExchange],
    requestPolicy: "cache-and-network",
    preferGetMethod: false,
    // The audit log tells what was changed here from what programs did.
    fetchOptions: { headers: { Authorization: `Bearer ${token}`, "hookline-client": "console" }, credentials: "omit", cache: "no-store" },
  });
}

function signOutIfRefused(error: CombinedError): void {
  if (error.graphQLErrors.some(({ extensions }) => extensions.code === "UNAUTHENTICATED")) signOut(SIGNED_OUT);
}
