// How the page talks to the API: queries and mutations by POST, subscriptions by graphql-transport-ws, both with the same token.
import { createGraphiQLFetcher } from "@graphiql/toolkit";
import { createClient } from "graphql-ws";
import { authorizationFrom } from "./settings.js";

const path = location.pathname; // the page is where the API is, also behind a proxy with a base path
const longestWaitMilliseconds = 5_000;
const forbidden = 4403; // close code: no new try makes a refused token a good one, so it is shown at once

/** Answers one GraphiQL request. Each subscription gets a socket of its own, so that tabs may use different tokens. */
export function fetcher(params, options = {}) {
  const authorization = authorizationFrom(options.headers);
  const send = createGraphiQLFetcher({
    url: path,
    wsClient: socketClient(authorization),
    enableIncrementalDelivery: false,
  });
  return send(params, { ...options, headers: withAuthorization(options.headers, authorization) });
}

function withAuthorization(headers = {}, authorization) {
  const others = Object.entries(headers).filter(([name]) => name.toLowerCase() !== "authorization");
  return Object.fromEntries(authorization ? [...others, ["Authorization", authorization]] : others);
}

// graphql-ws gives up after a 3 s outage by default; this one comes back whenever the server does. Lazy: no socket before the first subscription.
function socketClient(authorization) {
  return createClient({
    url: location.origin.replace(/^http/, "ws") + path,
    connectionParams: authorization ? { authorization } : {},
    lazy: true,
    retryAttempts: Infinity,
    shouldRetry: (problem) => problem?.code !== forbidden,
    retryWait: waitBeforeRetry,
    keepAlive: 10_000,
  });
}

function waitBeforeRetry(retries) {
  const jitter = 0.5 + Math.random() / 2;
  const milliseconds = Math.min(500 * 2 ** retries, longestWaitMilliseconds) * jitter;
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
