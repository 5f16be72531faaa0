import fc from "fast-check";
import { version } from "uuid";
import { describe, expect, it } from "vitest";
import { newId, parseUuid } from "../../lib/ids.ts";

describe("newId()", () => {
  it("returns a UUID of version 7 with the current time", () => {
    const before = Date.now();
    const id = newId();
    const after = Date.now();

    expect(version(id)).toBe(7);
    const time = Number.parseInt(id.replace("-", "").slice(0, 12), 16);
    expect(time).toBeGreaterThanOrEqual(before);
    expect(time).toBeLessThanOrEqual(after);
  });

  it("returns a different UUID each time", () => {
    const ids = Array.from({ length: 10_000 }, newId);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe("parseUuid()", () => {
  it("returns a UUID of any version and letter case in lower case", () => {
    fc.assert(
      fc.property(fc.uuid(), fc.infiniteStream(fc.boolean()), (id, isUpper) => {
        const mixed = [...id].map((digit) => (isUpper.next().value ? digit.toUpperCase() : digit)).join("");
        expect(parseUuid(mixed)).toBe(id);
      }),
    );
    for (const id of ["00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"])
      expect(parseUuid(id)).toBe(id);
  });

  it.each([
    (id: string) => id.slice(1),
    (id: string) => `${id}0`,
    (id: string) => ` ${id}`,
    (id: string) => `${id}\n`,
    (id: string) => `{${id}}`,
    (id: string) => id.replaceAll("-", ""),
    (id: string) => id.replaceAll("-", "_"),
    (id: string) => id.replace(/^./, "g"),
    (id: string) => id.replace(/^./, "\uff11"),
    (id: string) => `urn:uuid:${id}`,
  ])("returns undefined for any other text: %s", (altered) => {
    fc.assert(fc.property(fc.uuid(), (id) => parseUuid(altered(id)) === undefined));
  });
});
