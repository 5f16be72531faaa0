import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatKey, parseKey } from "../../lib/idempotency-key.ts";

const visible = fc.string({
  unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
  minLength: 1,
  maxLength: 255,
});
/** Mostly quotes and backslashes, which make a key easy to confuse with its quoted form. */
const confusing = fc.string({ unit: fc.constantFrom('"', "\\", "a"), minLength: 1, maxLength: 12 });
const anyKey = fc.oneof(
  visible,
  confusing,
  confusing.map((key) => `"${key}"`),
);

describe("formatKey()", () => {
  it("gives a header that parseKey() reads as the same key", () => {
    fc.assert(
      fc.property(anyKey, (key) => {
        expect(parseKey(formatKey(key))).toBe(key);
      }),
      { numRuns: 5000 },
    );
  });

  it("gives the bare key if parseKey() reads that as the same key", () => {
    fc.assert(
      fc.property(anyKey, (key) => {
        if (parseKey(key) === key) expect(formatKey(key)).toBe(key);
      }),
    );
  });

  it("quotes a key that would be read as a quoted one", () => {
    expect(parseKey(String.raw`"\"a\""`)).toBe('"a"');
    expect(formatKey('"a"')).toBe(String.raw`"\"a\""`);
  });
});
