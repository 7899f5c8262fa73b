import { makeStore } from "../store";

const KEY = "hookline:environment";

/** The environment that all lists show; null for all. Remembered by the browser. */
export const environment = makeStore<string | null>(localStorage.getItem(KEY));
environment.follow(() => {
  const name = environment.get();
  if (name) localStorage.setItem(KEY, name);
  else localStorage.removeItem(KEY);
});
