import { describe, expect, it } from "vitest";
import { getPurchase } from "./client.ts";
import { shown } from "./expected.ts";
import { cancelled, confirmed, createTicketOption, hold, sell } from "./given.ts";

describe("reading a purchase", () => {
  it("returns it as it is now: held, sold, cancelled", async () => {
    const option = await createTicketOption();
    const one = await hold(option);
    expect(await getPurchase(one)).toEqual(shown(one));

    const sold = await confirmed(one);
    expect(await getPurchase(one)).toEqual(shown(sold));
    expect(Object.keys(sold)).toEqual([
      ...["ID", "TicketOptionID", "UserID", "Quantity", "Status", "TicketIDs", "ConfirmedAt", "CreatedAt"],
    ]);
    const gone = await cancelled(one);
    expect(await getPurchase(one)).toEqual(shown(gone));
  });

  it("returns what was sold at once without ConfirmedAt", async () => {
    const one = await sell(await createTicketOption());

    expect(await getPurchase(one)).toEqual(shown(one));
    expect(Object.keys(one)).not.toContain("ConfirmedAt");
  });

  it("returns all 10,000 tickets of a purchase, in ascending order", { timeout: 30_000 }, async () => {
    const one = await sell(await createTicketOption({ Allocation: 10_000 }), { Quantity: 10_000 });

    expect(await getPurchase(one)).toEqual(shown(one));
  });
});
