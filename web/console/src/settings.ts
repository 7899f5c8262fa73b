// What the server wrote into the page: {"token": "hl_…"} after a link of `hookline dev`, {"basePath": "/hooks"} behind a proxy, {"docsPath": "/docs"} where it serves the documentation.
const written = JSON.parse(document.getElementById("hookline-settings")?.textContent || "{}") as { token?: string; basePath?: string; docsPath?: string };

export const givenToken = written.token;
export const basePath = written.basePath ?? "";
export const docsPath = written.docsPath;
export const apiPath = `${basePath}/graphql`;
