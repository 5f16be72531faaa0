// What only API Gateway can tell a function, or no HTTP connection carries.
import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { overHandlers, overHandlersBy } from "../support/over-handlers.ts";
import { type Answer, ask } from "./client.ts";
import { created, gotten, invalid, keyReused, purchased, replayed } from "./expected.ts";
import { createTicketOption, keyed, newKey, optionFields, purchaseFields } from "./given.ts";
import { posts, send } from "./posts.ts";

describe("the key of a creation", () => {
  const creation = (fields: object, key: string) => ({
    method: "POST",
    path: "/ticket_options",
    headers: keyed(key),
    body: JSON.stringify(fields),
  });
  const idOf = (answer: Answer) => (answer.body as { ID: string }).ID;
  const [one, another] = [
    overHandlersBy({ apiKeyId: "k3y1d0n3aa" }),
    overHandlersBy({ apiKeyId: "k3y1dtw0aa" }),
  ];

  it("belongs to the caller's API key", async () => {
    const key = newKey();
    const first = await ask(creation(optionFields(), key), one);

    const second = await ask(creation(optionFields(), key), another);
    expect(second).toEqual(created(optionFields()));
    expect(idOf(second)).not.toBe(idOf(first));
    expect(await ask(creation(optionFields(), key), one)).toEqual(replayed(first));
    expect(await ask(creation(optionFields(), key), another)).toEqual(replayed(second));
  });

  it("may be used by another caller for another option", async () => {
    const [key, fields] = [newKey(), optionFields({ Allocation: 20 })];
    await ask(creation(optionFields(), key), one);

    expect(await ask(creation(fields, key), another)).toEqual(created(fields));
    expect(await ask(creation(fields, key), one)).toEqual(keyReused());
  });

  it("belongs to one caller where no API key is asked for", async () => {
    const key = newKey();
    const first = await ask(creation(optionFields(), key), overHandlers);
    await ask(creation(optionFields(), key), one);

    expect(await ask(creation(optionFields(), key), overHandlers)).toEqual(replayed(first));
    expect(await ask(creation(optionFields({ Name: "Derby" }), key), overHandlers)).toEqual(keyReused());
  });
});

it("the key of a purchase belongs to its user, whatever the caller's API key", async () => {
  const { ID } = await createTicketOption();
  const order = purchaseFields({ UserID: randomUUID() });
  const wanted = {
    method: "POST",
    path: `/ticket_options/${ID}/purchases`,
    headers: keyed(newKey()),
    body: JSON.stringify(order),
  };

  const first = await ask(wanted, overHandlersBy({ apiKeyId: "k3y1d0n3aa" }));
  expect(first).toEqual(purchased({ TicketOptionID: ID, ...purchaseFields(order) }));
  expect(await ask(wanted, overHandlersBy({ apiKeyId: "k3y1dtw0aa" }))).toEqual(replayed(first));
});

describe("a request without any header", () => {
  it.each(posts)("has no key: $post", async ({ begin }) => {
    const { wanted, answer } = await begin();

    expect(await ask(wanted, overHandlersBy({ withoutHeaders: true }))).toEqual(answer);
  });

  it("has no tag of what it has already", async () => {
    const option = await createTicketOption();
    const path = `/ticket_options/${option.ID}`;

    expect(await ask({ method: "GET", path }, overHandlersBy({ withoutHeaders: true }))).toEqual(
      gotten(option),
    );
  });
});

describe.each(posts)("the Idempotency-Key of a $post", ({ begin }) => {
  it.each([
    "\u0000",
    "derby\u0000",
    "\u0001derby",
    "der\nby",
    "derby\r\n",
    "derby\u007f",
    "derby\u0085",
    "🎫",
    "\ufeffderby",
  ])("must not hold characters that are not visible ASCII: %j", async (key) => {
    const { wanted, look } = await begin();
    const before = await look();

    expect(await send(wanted, key)).toEqual(invalid("Idempotency-Key"));
    expect(await look()).toEqual(before);
  });
});
