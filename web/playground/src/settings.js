// What the server wrote into the page: {"token": "hl_…"} after a link of `hookline dev`, {} otherwise. Whoever comes from the console in the
// same tab and has ticked "stay signed in" there brings that token.
const settings = { token: sessionStorage.getItem("hookline:token"), ...JSON.parse(document.getElementById("hookline-settings").textContent) };

/** Whether the page came with a token of its own. */
export const hasToken = Boolean(settings.token);

/** The text that the header editor starts with; undefined leaves it empty. */
export const initialHeaders = hasToken ? JSON.stringify({ Authorization: `Bearer ${settings.token}` }, null, 2) : undefined;

/** The Authorization value to use: what the header editor says, else the page's own token, else undefined. */
export function authorizationFrom(headers = {}) {
  const name = Object.keys(headers).find((key) => key.toLowerCase() === "authorization");
  if (name) return headers[name];
  return settings.token && `Bearer ${settings.token}`;
}
