import { v7 as uuidv7 } from "uuid";
import { describe, expect, it } from "vitest";
import { database, ownDatabase } from "../support/database.ts";
import { newUser, salesIn } from "./sales.ts";

const sales = salesIn(database, ownDatabase, 25_000);

describe("cancelling a purchase", () => {
  it.each([
    { which: "a hold", evenIfSold: false, make: sales.held },
    { which: "a hold, even if it were sold,", evenIfSold: true, make: sales.held },
    { which: "a sale", evenIfSold: true, make: sales.sold },
    { which: "a lapsed hold", evenIfSold: false, make: sales.held, change: sales.lapse },
    { which: "a confirmed hold", evenIfSold: true, make: sales.held, change: sales.confirm },
  ])(
    "returns the tickets of $which exactly once, and responds the same when it is repeated",
    async (each) => {
      const { evenIfSold, make, change = async () => {} } = each;
      const id = await sales.option({ capacity: 5, maxPerUser: 3 });
      const { userId } = await sales.sold(id, { quantity: 1 });
      const purchase = await make(id, { quantity: 2, userId });
      await change(purchase);
      const before = await sales.find(purchase);

      const first = await sales.cancel(purchase, evenIfSold);

      expect(first).toEqual({
        result: "done",
        changed: true,
        purchase: { ...Object(before), status: "cancelled", ticketIds: [], cancelledAt: expect.any(String) },
      });
      expect(await sales.cancel(purchase, evenIfSold)).toEqual({ ...first, changed: false });
      expect(await sales.cancel(purchase, true)).toEqual({ ...first, changed: false });
      expect(await sales.stripes(id)).toEqual([4]);
      expect(await sales.counted(id, userId)).toBe(1);
      expect(await sales.get(id)).toMatchObject({ allocation: 4, held: 0 });
      expect(await sales.audit(id)).toEqual([]);
      expect(await sales.buy(id, { quantity: 2, userId })).toMatchObject({ result: "sold" });
    },
  );

  it.each([{ make: sales.sold }, { make: sales.held, change: sales.confirm }])(
    "leaves a sold purchase as it is, unless the request cancels that too",
    async ({ make, change = async () => {} }) => {
      const id = await sales.option({ capacity: 5 });
      const purchase = await make(id, { quantity: 2 });
      await change(purchase);
      const before = await sales.find(purchase);

      expect(await sales.cancel(purchase)).toEqual({ result: "sold" });
      expect(await sales.find(purchase)).toEqual(before);
      expect(await sales.stripes(id)).toEqual([3]);
    },
  );

  it("returns the tickets to the stripe that they came from", async () => {
    const id = await sales.option({ capacity: 256 });
    await sales.setStripes(id, [0, 0, 9, 0]);
    const purchase = await sales.sold(id, { quantity: 4 });
    await sales.setStripes(id, [1, 1, 5, 1]);

    await sales.cancel(purchase, true);

    expect(await sales.stripes(id)).toEqual([1, 1, 9, 1]);
  });

  it("returns all the tickets of a purchase from several stripes", async () => {
    const id = await sales.option({ capacity: 256, maxPerUser: 10 });
    await sales.setStripes(id, [2, 2, 2, 2]);
    const purchase = await sales.sold(id, { quantity: 7 });

    await sales.cancel(purchase, true);

    expect(await sales.audit(id)).toEqual([]);
    expect(await sales.buy(id, { quantity: 8 })).toMatchObject({ result: "sold" });
  });

  it("moves the time of the option's last update", async () => {
    const id = await sales.option();
    const purchase = await sales.sold(id);
    const before = await sales.get(id);

    await sales.cancel(purchase, true);

    expect((await sales.get(id)).updatedAt > before.updatedAt).toBe(true);
  });

  it("lets a sold-out option sell again, though this process has seen it sold out", async () => {
    const id = await sales.option({ capacity: 1 });
    const purchase = await sales.sold(id);
    expect(await sales.buy(id)).toEqual({ result: "not enough", available: 0 });

    await sales.cancel(purchase, true);

    expect(await sales.buy(id)).toMatchObject({ result: "sold" });
    expect(await sales.buy(id)).toEqual({ result: "not enough", available: 0 });
  });

  it("counts for the purchase's own user only", async () => {
    const id = await sales.option({ maxPerUser: 4 });
    const other = newUser();
    await sales.sold(id, { quantity: 3, userId: other });
    const purchase = await sales.sold(id, { quantity: 2 });

    await sales.cancel(purchase, true);

    expect(await sales.counted(id, other)).toBe(3);
    expect(await sales.counted(id, purchase.userId)).toBe(0);
  });

  it("finds only a purchase of this option", async () => {
    const [id, other] = [await sales.option(), await sales.option()];
    const purchase = await sales.sold(id);

    expect(await sales.cancel({ ...purchase, ticketOptionId: other }, true)).toEqual({
      result: "no such purchase",
    });
    expect(await sales.cancel({ ...purchase, ticketOptionId: uuidv7() }, true)).toEqual({
      result: "no such option",
    });
    expect(await sales.cancel({ ...purchase, id: uuidv7() }, true)).toEqual({ result: "no such purchase" });
    expect(await sales.find(purchase)).toEqual(purchase);
  });
});
