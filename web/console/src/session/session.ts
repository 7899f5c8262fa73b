import { makeStore } from "../store";
import { givenToken } from "../settings";

// GraphiQL reads the same key: whoever goes there in this tab is signed in there too.
const KEY = "hookline:token";

/** Token of the tab, and why there is none. */
export interface Session {
  token: string | null;
  reason: string | null;
}

// A token that a link has brought stays for the tab: the link works once, and a page is loaded again.
if (givenToken) sessionStorage.setItem(KEY, givenToken);

export const session = makeStore<Session>({ token: givenToken ?? sessionStorage.getItem(KEY), reason: null });

/** isKept: in the tab's storage, so that loading the page again keeps it; otherwise in memory alone. */
export function signIn(token: string, isKept: boolean): void {
  if (isKept) sessionStorage.setItem(KEY, token);
  session.set({ token, reason: null });
}

/** Forgets the token. The address stays, for whoever signs in next. */
export function signOut(reason: string | null = null): void {
  sessionStorage.removeItem(KEY);
  session.set({ token: null, reason });
}
