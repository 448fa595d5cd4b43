// The API explorer: GraphiQL over this server's /graphql. An operator's token goes into the Headers tab.
import "graphiql/style.css";
import "./explorer.css";
import { createGraphiQLFetcher } from "@graphiql/toolkit";
import { GraphiQL } from "graphiql";
import { createClient } from "graphql-ws";
import { createRoot } from "react-dom/client";
import { examples } from "./examples";

const root = document.getElementById("graphiql");
if (!root) throw new Error("the page has no #graphiql");
const url = new URL(root.dataset["endpoint"] ?? "/graphql", location.href).href;

// The public needs no header; an operator puts the token of `operator.token` here.
const headers = JSON.stringify({ Authorization: "" }, null, 2);

/** An empty token is no token: the server rightly refuses a malformed header. */
const fetcher = createGraphiQLFetcher({
  url,
  // Subscriptions. What they tell is public, so that no token is sent.
  wsClient: createClient({ url: url.replace(/^http/, "ws") }),
  fetch: (input, init) => {
    const sent = new Headers(init?.headers);
    if (!sent.get("Authorization")?.trim()) sent.delete("Authorization");
    return fetch(input, { ...init, headers: sent });
  },
});

createRoot(root).render(
  <GraphiQL
    fetcher={fetcher}
    defaultHeaders={headers}
    defaultTabs={examples.map((example) => ({ ...example, headers }))}
    shouldPersistHeaders={false}
    defaultEditorToolsVisibility="headers"
  />,
);
