// What the server wrote into the page: {"token": "hl_…"} after a link of `hookline dev`, {"basePath": "/hooks"} behind a proxy.
const written = JSON.parse(document.getElementById("hookline-settings")?.textContent || "{}") as { token?: string; basePath?: string };

export const givenToken = written.token;
export const basePath = written.basePath ?? "";
export const apiPath = `${basePath}/graphql`;
