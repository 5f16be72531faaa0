const QUOTED = /^"((?:[^"\\]|\\["\\])*)"$/;

/**
 * Parses the value of an `Idempotency-Key` header. A bare value and a quoted string (RFC 8941, section 3.3.3) are the
 * same key.
 *
 * @returns undefined if the key is not 1 to 255 visible ASCII characters
 */
export function parseKey(header: string): string | undefined {
  const value = /^[ \t]*(.*?)[ \t]*$/s.exec(header)?.[1] ?? "";
  const key = QUOTED.exec(value)?.[1]?.replace(/\\(.)/g, "$1") ?? value;
  return /^[\x21-\x7e]{1,255}$/.test(key) ? key : undefined;
}

/** Formats a key as a header value that `parseKey` accepts: bare if possible, else quoted. */
export function formatKey(key: string): string {
  return parseKey(key) === key ? key : `"${key.replace(/["\\]/g, "\\$&")}"`;
}
