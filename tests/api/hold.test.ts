import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { cancel, confirm, get, getPurchase, purchase } from "./client.ts";
import { holdThatLapsed } from "./clock.ts";
import {
  cancelledPurchase,
  gotten,
  held,
  invalid,
  keyReused,
  notEnough,
  purchased,
  replayed,
  shown,
  time,
} from "./expected.ts";
import {
  anyUser,
  createTicketOption,
  type HeldPurchase,
  hold,
  keyed,
  newKey,
  purchaseFields,
  read,
  refusedPurchase,
  sell,
} from "./given.ts";

const secondsOf = ({ ExpiresAt, CreatedAt }: HeldPurchase) => {
  const [expires, created] = [ExpiresAt, CreatedAt].map((text) => BigInt(text.replace(/\D/g, "").slice(-6)));
  expect(expires, "both have the same microseconds").toBe(created);
  return (Date.parse(ExpiresAt) - Date.parse(CreatedAt)) / 1000;
};

describe("holding tickets", () => {
  it("takes them out of the allocation, and shows them as held", async () => {
    const option = await createTicketOption({ Allocation: 10 });

    const response = await purchase(option.ID, purchaseFields({ Quantity: 3, HoldSeconds: 600 }));
    expect(response).toEqual(held({ TicketOptionID: option.ID, UserID: anyUser, Quantity: 3 }));
    const { UpdatedAt, ...now } = await read(option);
    const { UpdatedAt: before, ...created } = option;
    expect(now).toEqual({ ...created, Allocation: 7, Held: 3 });
    expect(UpdatedAt > before).toBe(true);
    expect(Object.keys(now)).toEqual(["ID", "Name", "Desc", "Allocation", "Held", "Capacity", "CreatedAt"]);
  });

  it.each([1, 60, 86_400])("for %d seconds expires exactly so long after its creation", async (seconds) => {
    const option = await createTicketOption();

    expect(secondsOf(await hold(option, { HoldSeconds: seconds }))).toBe(seconds);
  });

  it.each(["hold_seconds", "holdSeconds", "HOLDSECONDS"])("accepts the key spelling %s", async (key) => {
    const { ID } = await createTicketOption();

    expect(await purchase(ID, purchaseFields({ [key]: 600 }))).toEqual(
      held({ TicketOptionID: ID, ...purchaseFields() }),
    );
  });

  it("sells at once if HoldSeconds is null", async () => {
    const { ID } = await createTicketOption();

    expect(await purchase(ID, purchaseFields({ HoldSeconds: null }))).toEqual(
      purchased({ TicketOptionID: ID, ...purchaseFields() }),
    );
  });

  it.each([0, -1, 86_401, 2 ** 31, 2 ** 32 + 600, 1.5, "600", "", true, [600], {}])(
    "reports HoldSeconds of %j",
    async (HoldSeconds) => {
      const option = await createTicketOption();

      expect(await refusedPurchase(option, purchaseFields({ HoldSeconds }))).toEqual(
        invalid("#/HoldSeconds"),
      );
    },
  );

  it("names the limit if HoldSeconds is above it", async () => {
    const option = await createTicketOption();

    const { body } = await refusedPurchase(option, purchaseFields({ HoldSeconds: 86_401 }));
    expect(JSON.stringify(body)).toMatch(/86[,._ ]?400\b/);
  });

  it("reports every wrong field at once", async () => {
    const option = await createTicketOption();

    expect(await refusedPurchase(option, { Quantity: 0, UserID: "", HoldSeconds: 0 })).toEqual(
      invalid("#/Quantity", "#/UserID", "#/HoldSeconds"),
    );
  });

  it("leaves nothing to others until the holds end", async () => {
    const option = await createTicketOption({ Allocation: 5 });
    const one = await hold(option, { Quantity: 4 });
    await hold(option, { Quantity: 1 });

    expect(await refusedPurchase(option, purchaseFields({ Quantity: 1 }))).toEqual(notEnough(1, 0));
    await cancel(one);
    expect(await refusedPurchase(option, purchaseFields({ Quantity: 5 }))).toEqual(notEnough(5, 4));
    await sell(option, { Quantity: 4 });
  });

  it("is refused if too few tickets are left", async () => {
    const option = await createTicketOption({ Allocation: 3 });

    expect(await refusedPurchase(option, purchaseFields({ Quantity: 4, HoldSeconds: 600 }))).toEqual(
      notEnough(4, 3),
    );
  });

  it("holds and confirms 10,000 tickets in one purchase", { timeout: 30_000 }, async () => {
    const option = await createTicketOption({ Allocation: 10_000 });
    const one = await hold(option, { Quantity: 10_000 });

    const { TicketIDs } = (await confirm(one)).body as { TicketIDs: string[] };
    expect([TicketIDs.length, new Set(TicketIDs).size]).toEqual([10_000, 10_000]);
    expect(TicketIDs).toEqual(TicketIDs.toSorted());
  });
});

describe("a hold that has lapsed", () => {
  it("shows as lapsed, and its tickets as available, which moves the ETag but not UpdatedAt", async () => {
    const option = await createTicketOption({ Allocation: 10 });
    const open = await hold(option, { Quantity: 1, HoldSeconds: 86_400 });
    const before = await get(option.ID);

    const lapsed = await holdThatLapsed(option, { Quantity: 3 });
    expect(await getPurchase(lapsed)).toEqual(
      shown({ ...lapsed, Status: "lapsed", CreatedAt: time, ExpiresAt: time }),
    );
    const now = await get(option.ID);
    expect(now).toEqual(gotten({ ...option, Allocation: 9, Held: 1, UpdatedAt: time }));
    const held = await hold(option, { Quantity: 1 });
    const { UpdatedAt } = await read(option);
    expect(now.headers.etag).not.toBe(before.headers.etag);
    expect(UpdatedAt).toBe(held.CreatedAt);
    expect((await getPurchase(open)).status).toBe(200);
  });

  it("stays as it is while there are enough other tickets", async () => {
    const option = await createTicketOption({ Allocation: 10 });
    const lapsed = await holdThatLapsed(option, { Quantity: 4 });

    await sell(option, { Quantity: 6 });
    expect(await getPurchase(lapsed)).toEqual(shown(lapsed));
    expect((await read(option)).Allocation).toBe(4);
  });

  it("is cancelled by the purchase that gets its tickets", async () => {
    const option = await createTicketOption({ Allocation: 10 });
    const lapsed = await holdThatLapsed(option, { Quantity: 4 });

    await sell(option, { Quantity: 7 });
    expect(await getPurchase(lapsed)).toEqual(shown(cancelledPurchase(lapsed)));
    expect((await read(option)).Allocation).toBe(3);
  });

  it("is counted as available when a purchase is refused, which leaves it as it is", async () => {
    const option = await createTicketOption({ Allocation: 10 });
    const lapsed = await holdThatLapsed(option, { Quantity: 4 });
    await sell(option, { Quantity: 3 });

    expect(await refusedPurchase(option, purchaseFields({ Quantity: 8 }))).toEqual(notEnough(8, 7));
    expect(await getPurchase(lapsed)).toEqual(shown(lapsed));
  });

  it("returns its tickets to a sold-out option of many stripes, whatever the quantities", async () => {
    const option = await createTicketOption({ Allocation: 4096 });
    for (let holds = 1; holds <= 8; holds++) await holdThatLapsed(option, { Quantity: 500 });
    await holdThatLapsed(option, { Quantity: 96 });

    expect(await refusedPurchase(option, purchaseFields({ Quantity: 4097 }))).toEqual(notEnough(4097, 4096));
    await sell(option, { Quantity: 4096 });
    expect(await refusedPurchase(option, purchaseFields({ Quantity: 1 }))).toEqual(notEnough(1, 0));
  });

  it("sells its tickets once to many buyers at once", async () => {
    const option = await createTicketOption({ Allocation: 10 });
    await holdThatLapsed(option, { Quantity: 10 });

    const responses = await Promise.all(
      Array.from({ length: 30 }, () => purchase(option.ID, purchaseFields({ Quantity: 1 }))),
    );
    expect(responses.filter(({ status }) => status === 200).length).toBe(10);
    expect((await read(option)).Allocation).toBe(0);
  });
});

describe("the Idempotency-Key of a hold", () => {
  const order = purchaseFields({ Quantity: 2, HoldSeconds: 600 });

  it("replays the purchase as it is now: held, confirmed, cancelled", async () => {
    const option = await createTicketOption();
    const headers = keyed(newKey());
    const first = await purchase(option.ID, order, headers);
    const one = first.body as HeldPurchase;
    expect(first).toEqual(held({ TicketOptionID: option.ID, ...purchaseFields() }));
    expect(await refusedPurchase(option, order, headers)).toEqual(replayed(first));

    const sold = await confirm(one);
    expect(await refusedPurchase(option, order, headers)).toEqual(replayed(sold));
    const cancelled = await cancel(one, { Sold: true });
    expect(await refusedPurchase(option, order, headers)).toEqual(replayed(cancelled));
  });

  it("replays a hold that has lapsed, and one whose tickets have gone to somebody else", async () => {
    const option = await createTicketOption({ Allocation: 2 });
    const key = newKey();
    const user = randomUUID();
    // The hold to repeat lapses together with this one.
    const headers = keyed(key);
    const small = { ...order, Quantity: 1, UserID: user, HoldSeconds: 1 };
    await purchase(option.ID, small, headers);
    await holdThatLapsed(option, { Quantity: 1 });

    const again = await purchase(option.ID, small, headers);
    const { ID } = again.body as HeldPurchase;
    const lapsed = await getPurchase({ TicketOptionID: option.ID, ID });
    expect(lapsed.body).toMatchObject({ Status: "lapsed", UserID: user });
    expect(again).toEqual(replayed(lapsed));
    await sell(option, { Quantity: 2 });
    expect(await refusedPurchase(option, small, headers)).toEqual(
      replayed(shown(cancelledPurchase(lapsed.body as HeldPurchase))),
    );
  });

  it("is rejected with other HoldSeconds, with none, and for a hold of what was sold", async () => {
    const option = await createTicketOption();
    const headers = keyed(newKey());
    const one = (await purchase(option.ID, order, headers)).body as HeldPurchase;
    const other = keyed(newKey());
    await purchase(option.ID, purchaseFields({ Quantity: 2 }), other);

    for (const HoldSeconds of [599, 601, 86_400, null, undefined])
      expect(await refusedPurchase(option, { ...order, HoldSeconds }, headers)).toEqual(keyReused());
    expect(await refusedPurchase(option, order, other)).toEqual(keyReused());
    await confirm(one);
    for (const HoldSeconds of [601, null])
      expect(await refusedPurchase(option, { ...order, HoldSeconds }, headers)).toEqual(keyReused());
  });

  it("holds once when many copies are sent at once", async () => {
    const option = await createTicketOption({ Allocation: 100 });
    const headers = keyed(newKey());

    const responses = await Promise.all(
      Array.from({ length: 20 }, () => purchase(option.ID, order, headers)),
    );
    expect(new Set(responses.map(({ body }) => (body as HeldPurchase).ID)).size).toBe(1);
    expect(await read(option)).toMatchObject({ Allocation: 98, Held: 2 });
  });
});
