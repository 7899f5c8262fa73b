// Writes NAME.br and NAME.gz beside each asset of the built pages: api/pages/static.py sends the one that a browser takes.
// web/build.sh runs it after the build. Compressing once, nearly as small as it gets, costs the server nothing.
import { readFile, readdir, writeFile } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

const TEXT = new Set([".css", ".js", ".json", ".map", ".mjs", ".svg", ".ttf", ".txt", ".wasm"]);
const LEAST_BYTES = 1024; // less fits into one packet either way
// At quality 11 the editor's 7 MB took 15 s of a first start; at 9 it is 1 s, and a tenth larger.
const QUALITY = { [constants.BROTLI_PARAM_QUALITY]: 9 };
const CODINGS = [
  [".br", (bytes) => promisify(brotliCompress)(bytes, { params: QUALITY })],
  [".gz", (bytes) => promisify(gzip)(bytes, { level: 9 })],
];

async function compress(path) {
  const bytes = await readFile(path);
  if (bytes.length < LEAST_BYTES) return;
  for (const [suffix, coded] of CODINGS) {
    const compressed = await coded(bytes);
    // What does not shrink is sent as it is.
    if (compressed.length < bytes.length) await writeFile(path + suffix, compressed);
  }
}

const folder = process.argv[2];
const entries = await readdir(folder, { recursive: true });
// Only what the server sends as it stands: pages get their settings filled in.
const assets = entries.filter((entry) => basename(dirname(entry)) === "assets" && TEXT.has(extname(entry)));
await Promise.all(assets.map((entry) => compress(join(folder, entry))));
