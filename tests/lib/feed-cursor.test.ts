import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatCursor, parseCursor } from "../../lib/feed-cursor.ts";

const place = fc.record({
  changedIn: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String),
  id: fc.uuid(),
});
const feed = fc.record({ ticketOptionId: fc.uuid(), userId: fc.option(fc.uuid(), { nil: null }) });

describe("a cursor", () => {
  it("is parsed as the place that it was made of", () => {
    fc.assert(
      fc.property(place, feed, (given, of) => {
        expect(parseCursor(formatCursor(given, of), of)).toEqual(given);
      }),
    );
  });

  it("needs no escaping in a query", () => {
    fc.assert(fc.property(place, feed, (given, of) => /^[\w-]+$/.test(formatCursor(given, of))));
  });

  it("is none in any other feed", () => {
    fc.assert(
      fc.property(place, feed, feed, fc.boolean(), (given, one, other, isSameOption) => {
        const another = isSameOption ? { ...other, ticketOptionId: one.ticketOptionId } : other;
        fc.pre(JSON.stringify(one) !== JSON.stringify(another));
        expect(parseCursor(formatCursor(given, one), another)).toBeUndefined();
      }),
    );
  });

  it("is none with a changed character, a missing one or one more", () => {
    const character = fc.constantFrom(..."ABCxyz019-_ =.+/\n");
    fc.assert(
      fc.property(place, feed, fc.nat(), character, fc.nat({ max: 2 }), (given, of, where, other, edit) => {
        const cursor = formatCursor(given, of);
        const at = where % (cursor.length + 1);
        const edited =
          cursor.slice(0, at) + (edit === 0 ? "" : other) + cursor.slice(edit === 1 ? at : at + 1);
        // A cursor does not protect the place: of that, only the form is checked.
        const parsed = parseCursor(edited, of);
        if (parsed) expect(formatCursor(parsed, of)).toBe(edited);
        if (parsed && edited === cursor) expect(parsed).toEqual(given);
      }),
    );
  });

  it.each([
    "18446744073709551616",
    "99999999999999999999",
    "1".repeat(21),
    "-1",
    "",
    "1.5",
    "1e3",
    " 1",
    "NaN",
  ])("is none with the transaction %j", (changedIn) => {
    const of = { ticketOptionId: "017f22e2-79b0-7cc3-98c4-dc0c0c07398f", userId: null };
    const id = "406c1d05-bbb2-4e94-b183-7d208c2692e1";

    expect(parseCursor(formatCursor({ changedIn, id }, of), of)).toBeUndefined();
  });

  it("is no text that was not made for it", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.base64String(), fc.uuid()), feed, (text, of) => {
        expect(parseCursor(text, of)).toBeUndefined();
      }),
    );
  });
});
