import { describe, expect, it } from "vitest";
import { get, purchase } from "./client.ts";
import { gotten, purchased } from "./expected.ts";
import { anyUser, createTicketOption, type Purchase, purchaseFields, read, sell } from "./given.ts";

describe("purchasing", () => {
  it("returns the purchase and subtracts its tickets from the allocation", async () => {
    const option = await createTicketOption({ Allocation: 10 });

    expect(await purchase(option.ID, { Quantity: 3, UserID: anyUser })).toEqual(
      purchased({ TicketOptionID: option.ID, UserID: anyUser, Quantity: 3 }),
    );
    const { UpdatedAt: _, ...untouched } = option;
    expect(await get(option.ID)).toEqual(gotten({ ...untouched, Allocation: 7 }));
  });

  it("gives each ticket a distinct id, in ascending order", async () => {
    const option = await createTicketOption({ Allocation: 100 });
    const first = await sell(option, { Quantity: 40 });
    const second = await sell(option, { Quantity: 60 });

    expect(first.TicketIDs).toEqual(first.TicketIDs.toSorted());
    expect(second.TicketIDs).toEqual(second.TicketIDs.toSorted());
    expect(new Set([...first.TicketIDs, ...second.TicketIDs]).size).toBe(100);
  });

  it("sells again for each request without a key, even with the same body", async () => {
    const option = await createTicketOption({ Allocation: 10 });
    const first = await sell(option, { Quantity: 2 });
    const second = await sell(option, { Quantity: 2 });

    expect(second.ID).not.toBe(first.ID);
    expect((await read(option)).Allocation).toBe(6);
  });

  it("sells every ticket down to the last one", async () => {
    const option = await createTicketOption({ Allocation: 3 });
    await sell(option, { Quantity: 2 });
    await sell(option, { Quantity: 1 });

    expect((await read(option)).Allocation).toBe(0);
  });

  it("sells 10,000 tickets in one purchase", { timeout: 30_000 }, async () => {
    const option = await createTicketOption({ Allocation: 10_000 });
    const { Quantity, TicketIDs } = await sell(option, { Quantity: 10_000 });

    expect({
      Quantity,
      distinct: new Set(TicketIDs).size,
      ascending: TicketIDs.toSorted(),
    }).toEqual({
      Quantity: 10_000,
      distinct: 10_000,
      ascending: TicketIDs,
    });
    expect((await read(option)).Allocation).toBe(0);
  });

  it("does not change other options", async () => {
    const option = await createTicketOption();
    const neighbour = await createTicketOption();
    await sell(option);

    expect(await get(neighbour.ID)).toEqual(gotten(neighbour));
  });

  it("changes only Allocation and UpdatedAt, which increases with each sale", async () => {
    const created = await createTicketOption({ Allocation: 10 });
    await sell(created, { Quantity: 1 });
    const once = await read(created);
    await sell(created, { Quantity: 1 });
    const twice = await read(created);

    expect([once, twice]).toEqual([
      { ...created, Allocation: 9, UpdatedAt: once.UpdatedAt },
      { ...created, Allocation: 8, UpdatedAt: twice.UpdatedAt },
    ]);
    expect(once.UpdatedAt > created.UpdatedAt).toBe(true);
    expect(twice.UpdatedAt > once.UpdatedAt).toBe(true);
  });

  it("accepts ids in any letter case and returns them in lower case", async () => {
    const option = await createTicketOption();

    expect(
      await purchase(option.ID.toUpperCase(), purchaseFields({ UserID: anyUser.toUpperCase() })),
    ).toEqual(purchased({ TicketOptionID: option.ID, UserID: anyUser, Quantity: 2 }));
  });

  it.each([
    { version: "1", UserID: "c232ab00-9414-11ec-b3c8-9f6bdeced846" },
    { version: "4", UserID: "919108f7-52d1-4320-9bac-f847db4148a8" },
    { version: "7", UserID: "017f22e2-79b0-7cc3-98c4-dc0c0c07398f" },
    { version: "nil", UserID: "00000000-0000-0000-0000-000000000000" },
  ])("accepts a user id of UUID version $version", async ({ UserID }) => {
    const option = await createTicketOption();

    expect(await purchase(option.ID, purchaseFields({ UserID }))).toEqual(
      purchased({ TicketOptionID: option.ID, UserID, Quantity: 2 }),
    );
  });

  it.each(["UserID", "userId", "user_id", "USER_ID", "userid", "User_Id", "_u_s_e_r_i_d_"])(
    "accepts the key spelling %s",
    async (key) => {
      const option = await createTicketOption();

      expect(await purchase(option.ID, { Quantity: 2, [key]: anyUser })).toEqual(
        purchased({ TicketOptionID: option.ID, UserID: anyUser, Quantity: 2 }),
      );
    },
  );

  it.each(["Quantity", "quantity", "QUANTITY", "quan_tity"])("accepts the key spelling %s", async (key) => {
    const option = await createTicketOption();

    expect(((await purchase(option.ID, { [key]: 4, UserID: anyUser })).body as Purchase).Quantity).toBe(4);
  });
});
