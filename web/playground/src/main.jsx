// The GraphiQL page of `GET /graphql`. Everything it needs is in this build: it must never load anything from elsewhere.
import "graphiql/setup-workers/vite";
import { explorerPlugin } from "@graphiql/plugin-explorer";
import { GraphiQL, HISTORY_PLUGIN } from "graphiql";
import { createRoot } from "react-dom/client";
import { operationIn } from "./address.js";
import { defaultQuery } from "./default-query.js";
import { fetcher } from "./fetcher.js";
import { initialHeaders } from "./settings.js";
import { storage } from "./storage.js";
import "graphiql/style.css";
import "@graphiql/plugin-explorer/style.css";
import "./app.css";

createRoot(document.getElementById("graphiql")).render(
  <GraphiQL
    fetcher={fetcher}
    plugins={[HISTORY_PLUGIN, explorerPlugin()]}
    defaultQuery={defaultQuery}
    {...operationIn(location.search)}
    initialHeaders={initialHeaders}
    defaultHeaders={initialHeaders}
    defaultEditorToolsVisibility="headers"
    shouldPersistHeaders={false}
    showPersistHeadersSettings={false}
    storage={storage}
  />,
);
