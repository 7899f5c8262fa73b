// Bodies as people read them. Pure.
const MOST_BYTES = 512;

/** JSON indented; null for what is none, or has numbers that would come back rounded. */
export function pretty(text: string): string | null {
  if (/\d{16}/.test(text)) return null;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return null;
  }
}

/** The size of bytes in base64, and the first 512 of them in hex. */
export function hexOf(base64: string): { size: number; hex: string } {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const pairs = Array.from(bytes.slice(0, MOST_BYTES), (byte) => byte.toString(16).padStart(2, "0"));
  const lines = Array.from({ length: Math.ceil(pairs.length / 16) }, (_, at) => pairs.slice(at * 16, at * 16 + 16).join(" "));
  return { size: bytes.length, hex: lines.join("\n") };
}
