// What a shared link brings: /graphql?query=…&variables=… as GraphQL over HTTP writes a GET. It fills a tab and runs nothing: a mutation
// in a link must wait for the person. An operationName is not taken: GraphiQL would run the one of that name, whichever is being read.

/** The operation in an address's search, as GraphiQL's props; {} without a query. */
export function operationIn(search) {
  const given = new URLSearchParams(search);
  const query = given.get("query");
  if (!query) return {};
  return {
    initialQuery: query,
    ...(given.get("variables") ? { initialVariables: indented(given.get("variables")) } : {}),
  };
}

function indented(text) {
  try {
    // Only where nothing is lost: a long number would come back rounded.
    return /\d{16}/.test(text) ? text : JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text; // not JSON: shown as it came, and the editor marks it
  }
}
