const QUOTED = /^"((?:[^"\\]|\\["\\])*)"$/;

/**
 * Reads the value of an `Idempotency-Key` header: bare, or quoted as a string of structured fields (RFC 8941, section
 * 3.3.3), which stand for the same key.
 *
 * @returns undefined if it is not 1 to 255 visible ASCII characters
 */
export function parseKey(header: string): string | undefined {
  const value = /^[ \t]*(.*?)[ \t]*$/s.exec(header)?.[1] ?? "";
  const key = QUOTED.exec(value)?.[1]?.replace(/\\(.)/g, "$1") ?? value;
  return /^[\x21-\x7e]{1,255}$/.test(key) ? key : undefined;
}

/** The header value that `parseKey` reads back as this key: bare where that is possible. */
export function formatKey(key: string): string {
  return parseKey(key) === key ? key : `"${key.replace(/["\\]/g, "\\$&")}"`;
}
