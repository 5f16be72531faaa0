import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatKey, parseKey } from "../../lib/idempotency-key.ts";

const visible = fc.string({
  unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
  minLength: 1,
  maxLength: 255,
});
/** Of quotes and backslashes mostly, where keys and their spellings are easily confused. */
const confusing = fc.string({ unit: fc.constantFrom('"', "\\", "a"), minLength: 1, maxLength: 12 });
const anyKey = fc.oneof(
  visible,
  confusing,
  confusing.map((key) => `"${key}"`),
);

describe("the header of an idempotency key", () => {
  it("reads back as the key that it was made of", () => {
    fc.assert(
      fc.property(anyKey, (key) => {
        expect(parseKey(formatKey(key))).toBe(key);
      }),
      { numRuns: 5000 },
    );
  });

  it("is the bare key wherever that reads back as the key", () => {
    fc.assert(
      fc.property(anyKey, (key) => {
        if (parseKey(key) === key) expect(formatKey(key)).toBe(key);
      }),
    );
  });

  it("is quoted where a bare key would read as a quoted one", () => {
    expect(parseKey(String.raw`"\"a\""`)).toBe('"a"');
    expect(formatKey('"a"')).toBe(String.raw`"\"a\""`);
  });
});
