// The browser's storage, for tabs and history. Request headers hold tokens, so they never get in: GraphiQL's history would keep them
// even with shouldPersistHeaders off (plugin-history 0.4.4).
const ourKeys = () => Object.keys(localStorage).filter((key) => key.startsWith("graphiql:"));

/** What GraphiQL may use in place of localStorage. */
export const storage = {
  get length() {
    return ourKeys().length;
  },
  getItem: (key) => localStorage.getItem(key),
  setItem: (key, value) => localStorage.setItem(key, withoutHeaders(value)),
  removeItem: (key) => localStorage.removeItem(key),
  clear: () => ourKeys().forEach((key) => localStorage.removeItem(key)),
};

function withoutHeaders(text) {
  if (!text.startsWith("{")) return text;
  try {
    return JSON.stringify(JSON.parse(text), (key, value) => (key === "headers" ? null : value));
  } catch {
    return text; // not JSON: a query such as `{ viewer { name } }`
  }
}
