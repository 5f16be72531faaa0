// Valid values of an Idempotency-Key, and which spellings are the same key.
import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { purchase, sendRequest } from "./client.ts";
import { invalid, purchased, replayed } from "./expected.ts";
import { createTicketOption, keyed, newKey } from "./given.ts";
import { posts, sendWithKey } from "./posts.ts";

const visible = Array.from({ length: 94 }, (_, index) => String.fromCharCode(0x21 + index)).join("");

/** Quotes a key as a string of structured fields (RFC 8941, section 3.3.3). */
const quoted = (key: string) => `"${key.replace(/["\\]/g, "\\$&")}"`;

describe.each(posts)("$post: the Idempotency-Key", ({ begin }) => {
  it.each([
    { what: "quoted", spell: quoted },
    { what: "with whitespace around it", spell: (key: string) => ` \t${key}\t ` },
    { what: "quoted, with whitespace around it", spell: (key: string) => ` ${quoted(key)} ` },
  ])("is the same key $what", async ({ spell }) => {
    const { post, expected } = await begin();
    const key = newKey();

    const first = await sendWithKey(post, key);
    expect(first).toEqual(expected);
    expect(await sendWithKey(post, spell(key))).toEqual(replayed(first));
  });

  it.each([
    { what: "all visible ASCII characters", key: () => visible + newKey() },
    { what: "quotes and backslashes", key: () => `\\"\\\\""${newKey()}\\` },
    { what: "an unpaired quote", key: () => `"${newKey()}` },
    { what: "255 characters", key: () => newKey().padEnd(255, "x") },
    { what: "255 characters that need escaping in quotes", key: () => newKey().padEnd(255, '"\\') },
  ])("accepts $what, bare or quoted", async ({ key }) => {
    const { post, expected } = await begin();
    const bare = key();

    const first = await sendWithKey(post, bare);
    expect(first).toEqual(expected);
    expect(await sendWithKey(post, quoted(bare))).toEqual(replayed(first));
  });

  it("is case-sensitive", async () => {
    const { post, expected } = await begin();
    const key = `key-${newKey()}`;

    await sendWithKey(post, key);
    expect(await sendWithKey(post, key.toUpperCase())).toEqual(expected);
  });

  it.each(["idempotency-key", "IDEMPOTENCY-KEY", "iDeMpOtEnCy-KeY"])(
    "accepts the header name %s",
    async (name) => {
      const { post, expected } = await begin();
      const key = newKey();

      const first = await sendRequest({ ...post, headers: { [name]: [key] } });
      expect(first).toEqual(expected);
      expect(await sendWithKey(post, key)).toEqual(replayed(first));
    },
  );

  it.each([
    { what: "empty", key: "" },
    { what: "blank", key: "  \t" },
    { what: "empty in quotes", key: '""' },
    { what: "blank in quotes", key: '" "' },
    { what: "two words", key: "derby tickets" },
    { what: "two words in quotes", key: '"derby tickets"' },
    { what: "words separated by a tab", key: "derby\ttickets" },
    { what: "a word with a non-ASCII letter", key: "clé" },
    { what: "UTF-8", key: Buffer.from("🎫").toString("latin1") },
    { what: "preceded by a no-break space", key: "\u00a0derby" },
    { what: "256 characters", key: newKey().padEnd(256, "x") },
    { what: "256 characters in quotes", key: quoted(newKey().padEnd(256, "x")) },
  ])("is rejected if it is $what", async ({ key }) => {
    const { post, readState } = await begin();
    const before = await readState();

    expect(await sendWithKey(post, key)).toEqual(invalid("Idempotency-Key"));
    expect(await readState()).toEqual(before);
  });

  it.each([
    { what: "with two values", headers: keyed([newKey(), newKey()]) },
    { what: "with the same value", headers: keyed(Array(2).fill(newKey())) },
    {
      what: "in another letter case",
      headers: { "Idempotency-Key": [newKey()], "idempotency-key": [newKey()] },
    },
    { what: "in one line", headers: keyed(`${newKey()}, ${newKey()}`) },
  ])("is rejected if it is sent twice $what", async ({ headers }) => {
    const { post, readState } = await begin();
    const before = await readState();

    expect(await sendRequest({ ...post, headers })).toEqual(invalid("Idempotency-Key"));
    expect(await readState()).toEqual(before);
  });

  it("reports an invalid Idempotency-Key together with every invalid field", async () => {
    const { post, required } = await begin();
    const invalidKey = "derby tickets";

    expect(await sendWithKey({ ...post, body: "{}" }, invalidKey)).toEqual(
      invalid(...required, "Idempotency-Key"),
    );
    expect(await sendWithKey({ ...post, body: "tickets" }, invalidKey)).toEqual(
      invalid("#", "Idempotency-Key"),
    );
  });
});

it("purchase: the Idempotency-Key may be a single character", async () => {
  const { ID } = await createTicketOption();
  const order = { Quantity: 2, UserID: randomUUID() };

  const first = await purchase(ID, order, keyed("1"));
  expect(first).toEqual(purchased({ TicketOptionID: ID, ...order }));
  expect(await purchase(ID, order, keyed('"1"'))).toEqual(replayed(first));
});
