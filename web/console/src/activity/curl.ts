// A request as a command of a shell. Pure.
interface Request {
  requestUrl?: string | null;
  requestHeaders?: readonly { name: string; value?: string | null }[] | null;
  requestBody?: string | null;
}

// curl writes these itself, and refuses to be told otherwise in sense.
const OWN = new Set(["content-length", "host", "connection", "accept-encoding"]);

const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

/** The command; secret values, which nobody is shown, stand in it as names of shell variables. */
export function asCurl({ requestUrl, requestHeaders, requestBody }: Request): string {
  const headers = (requestHeaders ?? []).filter(({ name }) => !OWN.has(name.toLowerCase()));
  const lines = headers.map(({ name, value }) => {
    const shown = value ?? null;
    return shown === null ? `-H ${quoted(`${name}: `)}"$${name.toUpperCase().replace(/[^A-Z0-9]/g, "_")}"` : `-H ${quoted(`${name}: ${shown}`)}`;
  });
  const body = requestBody === null || requestBody === undefined ? [] : [`--data-raw ${quoted(requestBody)}`];
  return [`curl -X POST ${quoted(requestUrl ?? "")}`, ...lines, ...body].join(" \\\n  ");
}
