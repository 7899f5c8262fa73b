// The console: a client of the public GraphQL API and of nothing else. Everything it needs is in this build.
import { createRoot } from "react-dom/client";
import { App } from "./App";
import { givenToken } from "./settings";
import "./styles.css";

if (givenToken) {
  // The link's code was used: what stays in the address is good to be loaded again.
  const place = new URL(location.href);
  place.searchParams.delete("link");
  history.replaceState(null, "", place);
}
createRoot(document.getElementById("console")!).render(<App />);
