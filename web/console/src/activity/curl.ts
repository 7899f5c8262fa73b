// A request as a command of a shell. Pure.
interface Request {
  requestUrl?: string | null;
  requestHeaders?: readonly { name: string; value?: string | null }[] | null;
  requestBody?: string | null;
}

// curl writes these itself, and refuses to be told otherwise in sense.
const OWN = new Set(["content-length", "host", "connection", "accept-encoding"]);

// Linux takes no argument of more than 128 KiB; a command that a shell has built in takes any.
const LONGEST_ARGUMENT_BYTES = 100_000;

const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

/** The command; secret values, which nobody is shown, stand in it as names of shell variables. */
export function asCurl({ requestUrl, requestHeaders, requestBody }: Request): string {
  const headers = (requestHeaders ?? []).filter(({ name }) => !OWN.has(name.toLowerCase()));
  const lines = headers.map(({ name, value }) => {
    const shown = value ?? null;
    // curl takes `NAME:` for a header to be left out.
    if (shown?.trim() === "") return `-H ${quoted(`${name};`)}`;
    return shown === null ? `-H ${quoted(`${name}: `)}"$${name.toUpperCase().replace(/[^A-Z0-9]/g, "_")}"` : `-H ${quoted(`${name}: ${shown}`)}`;
  });
  const url = requestUrl ?? "";
  // A URL with these is a pattern to curl, unless it is told otherwise.
  const head = `curl ${/[[\]{}]/.test(url) ? "-g " : ""}-X POST ${quoted(url)}`;
  const body = requestBody ?? null;
  const isLong = body !== null && new TextEncoder().encode(body).length > LONGEST_ARGUMENT_BYTES;
  if (isLong) return [`printf %s ${quoted(body)} | ${head}`, ...lines, "--data-binary @-"].join(" \\\n  ");
  return [head, ...lines, ...(body === null ? [] : [`--data-raw ${quoted(body)}`])].join(" \\\n  ");
}
