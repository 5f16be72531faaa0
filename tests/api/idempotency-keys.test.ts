// What may stand in an Idempotency-Key, and when two of them are one.
import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { ask, purchase } from "./client.ts";
import { invalid, purchased, replayed } from "./expected.ts";
import { createTicketOption, keyed, newKey } from "./given.ts";
import { posts, send } from "./posts.ts";

const visible = Array.from({ length: 94 }, (_, index) => String.fromCharCode(0x21 + index)).join("");

/** As a string of structured fields is written (RFC 8941, section 3.3.3). */
const quoted = (key: string) => `"${key.replace(/["\\]/g, "\\$&")}"`;

describe.each(posts)("the Idempotency-Key of a $post", ({ begin }) => {
  it.each([
    { what: "quoted", spell: quoted },
    { what: "with blanks around it", spell: (key: string) => ` \t${key}\t ` },
    { what: "quoted, with blanks around it", spell: (key: string) => ` ${quoted(key)} ` },
  ])("is one and the same $what", async ({ spell }) => {
    const { wanted, answer } = await begin();
    const key = newKey();

    const first = await send(wanted, key);
    expect(first).toEqual(answer);
    expect(await send(wanted, spell(key))).toEqual(replayed(first));
  });

  it.each([
    { what: "all visible ASCII characters", key: () => visible + newKey() },
    { what: "quotes and backslashes", key: () => `\\"\\\\""${newKey()}\\` },
    { what: "a quote that no other follows", key: () => `"${newKey()}` },
    { what: "255 characters", key: () => newKey().padEnd(255, "x") },
    { what: "255 characters that are escaped in quotes", key: () => newKey().padEnd(255, '"\\') },
  ])("may be of $what, bare or quoted", async ({ key }) => {
    const { wanted, answer } = await begin();
    const bare = key();

    const first = await send(wanted, bare);
    expect(first).toEqual(answer);
    expect(await send(wanted, quoted(bare))).toEqual(replayed(first));
  });

  it("is another in other letter case", async () => {
    const { wanted, answer } = await begin();
    const key = `key-${newKey()}`;

    await send(wanted, key);
    expect(await send(wanted, key.toUpperCase())).toEqual(answer);
  });

  it.each(["idempotency-key", "IDEMPOTENCY-KEY", "iDeMpOtEnCy-KeY"])("may be called %s", async (name) => {
    const { wanted, answer } = await begin();
    const key = newKey();

    const first = await ask({ ...wanted, headers: { [name]: [key] } });
    expect(first).toEqual(answer);
    expect(await send(wanted, key)).toEqual(replayed(first));
  });

  it.each([
    { what: "empty", key: "" },
    { what: "blank", key: "  \t" },
    { what: "empty in quotes", key: '""' },
    { what: "blank in quotes", key: '" "' },
    { what: "two words", key: "derby tickets" },
    { what: "two words in quotes", key: '"derby tickets"' },
    { what: "words with a tab between", key: "derby\ttickets" },
    { what: "a letter beyond ASCII", key: "clé" },
    { what: "UTF-8", key: Buffer.from("🎫").toString("latin1") },
    { what: "a blank beyond ASCII around", key: "\u00a0derby" },
    { what: "256 characters", key: newKey().padEnd(256, "x") },
    { what: "256 characters in quotes", key: quoted(newKey().padEnd(256, "x")) },
  ])("must not be $what", async ({ key }) => {
    const { wanted, look } = await begin();
    const before = await look();

    expect(await send(wanted, key)).toEqual(invalid("Idempotency-Key"));
    expect(await look()).toEqual(before);
  });

  it.each([
    { what: "with two values", headers: keyed([newKey(), newKey()]) },
    { what: "with the same value", headers: keyed(Array(2).fill(newKey())) },
    {
      what: "in another letter case",
      headers: { "Idempotency-Key": [newKey()], "idempotency-key": [newKey()] },
    },
    { what: "in one line", headers: keyed(`${newKey()}, ${newKey()}`) },
  ])("must not be given twice: $what", async ({ headers }) => {
    const { wanted, look } = await begin();
    const before = await look();

    expect(await ask({ ...wanted, headers })).toEqual(invalid("Idempotency-Key"));
    expect(await look()).toEqual(before);
  });

  it("is told to be wrong along with all that is wrong in the body", async () => {
    const { wanted, required } = await begin();
    const wrongKey = "derby tickets";

    expect(await send({ ...wanted, body: "{}" }, wrongKey)).toEqual(invalid(...required, "Idempotency-Key"));
    expect(await send({ ...wanted, body: "tickets" }, wrongKey)).toEqual(invalid("#", "Idempotency-Key"));
  });
});

it("the Idempotency-Key of a purchase may be of one character", async () => {
  const { ID } = await createTicketOption();
  const order = { Quantity: 2, UserID: randomUUID() };

  const first = await purchase(ID, order, keyed("1"));
  expect(first).toEqual(purchased({ TicketOptionID: ID, ...order }));
  expect(await purchase(ID, order, keyed('"1"'))).toEqual(replayed(first));
});
