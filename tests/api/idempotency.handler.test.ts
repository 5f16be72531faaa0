// Cases that need a specific API Gateway event or that cannot be sent over HTTP.
import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { overHandlers, overHandlersWith } from "../support/over-handlers.ts";
import { type ContractResponse, sendRequest } from "./client.ts";
import { created, gotten, invalid, keyReused, purchased, replayed } from "./expected.ts";
import { createTicketOption, keyed, newKey, optionFields, purchaseFields } from "./given.ts";
import { posts, sendWithKey } from "./posts.ts";

describe("the Idempotency-Key of a creation", () => {
  const creation = (fields: object, key: string) => ({
    method: "POST",
    path: "/ticket_options",
    headers: keyed(key),
    body: JSON.stringify(fields),
  });
  const idOf = (response: ContractResponse) => (response.body as { ID: string }).ID;
  const [one, another] = [
    overHandlersWith({ apiKeyId: "k3y1d0n3aa" }),
    overHandlersWith({ apiKeyId: "k3y1dtw0aa" }),
  ];

  it("is scoped to the caller's API key", async () => {
    const key = newKey();
    const first = await sendRequest(creation(optionFields(), key), one);

    const second = await sendRequest(creation(optionFields(), key), another);
    expect(second).toEqual(created(optionFields()));
    expect(idOf(second)).not.toBe(idOf(first));
    expect(await sendRequest(creation(optionFields(), key), one)).toEqual(replayed(first));
    expect(await sendRequest(creation(optionFields(), key), another)).toEqual(replayed(second));
  });

  it("may be used by another API key for another option", async () => {
    const [key, fields] = [newKey(), optionFields({ Allocation: 20 })];
    await sendRequest(creation(optionFields(), key), one);

    expect(await sendRequest(creation(fields, key), another)).toEqual(created(fields));
    expect(await sendRequest(creation(fields, key), one)).toEqual(keyReused());
  });

  it("is shared by all callers without an API key", async () => {
    const key = newKey();
    const first = await sendRequest(creation(optionFields(), key), overHandlers);
    await sendRequest(creation(optionFields(), key), one);

    expect(await sendRequest(creation(optionFields(), key), overHandlers)).toEqual(replayed(first));
    expect(await sendRequest(creation(optionFields({ Name: "Derby" }), key), overHandlers)).toEqual(
      keyReused(),
    );
  });
});

it("the Idempotency-Key of a purchase is scoped to its user, not to the caller's API key", async () => {
  const { ID } = await createTicketOption();
  const order = purchaseFields({ UserID: randomUUID() });
  const apiRequest = {
    method: "POST",
    path: `/ticket_options/${ID}/purchases`,
    headers: keyed(newKey()),
    body: JSON.stringify(order),
  };

  const first = await sendRequest(apiRequest, overHandlersWith({ apiKeyId: "k3y1d0n3aa" }));
  expect(first).toEqual(purchased({ TicketOptionID: ID, ...purchaseFields(order) }));
  expect(await sendRequest(apiRequest, overHandlersWith({ apiKeyId: "k3y1dtw0aa" }))).toEqual(
    replayed(first),
  );
});

describe("a request without headers", () => {
  it.each(posts)("has no Idempotency-Key: $post", async ({ begin }) => {
    const { post, expected } = await begin();

    expect(await sendRequest(post, overHandlersWith({ withoutHeaders: true }))).toEqual(expected);
  });

  it("has no If-None-Match", async () => {
    const option = await createTicketOption();
    const path = `/ticket_options/${option.ID}`;

    expect(await sendRequest({ method: "GET", path }, overHandlersWith({ withoutHeaders: true }))).toEqual(
      gotten(option),
    );
  });
});

describe.each(posts)("$post: the Idempotency-Key", ({ begin }) => {
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
  ])("is rejected with characters that are not visible ASCII: %j", async (key) => {
    const { post, readState } = await begin();
    const before = await readState();

    expect(await sendWithKey(post, key)).toEqual(invalid("Idempotency-Key"));
    expect(await readState()).toEqual(before);
  });
});
