import pg from "pg";
import { v7 as uuidv7 } from "uuid";
import { afterAll, afterEach, beforeAll, describe, expect, inject, it, vi } from "vitest";
import type { Work } from "../../lib/data-api.ts";
import { sellTickets } from "../../lib/purchases.ts";
import { SaleHints } from "../../lib/sale-hints.ts";
import { createTicketOption } from "../../lib/ticket-options.ts";
import { database } from "../support/database.ts";
import { anyOrder, newOption, newOrder } from "../support/options.ts";

const owner = new pg.Client({ connectionString: inject("databaseUrl") });
beforeAll(() => owner.connect());
afterAll(() => owner.end());
afterEach(() => {
  vi.useRealTimers();
});

describe("a stock hint of an option", () => {
  it('is "plenty" by default', () => {
    expect(new SaleHints().stock(uuidv7())).toBe("plenty");
  });

  it("is the last noted value for two seconds", () => {
    vi.useFakeTimers();
    const [hints, id] = [new SaleHints(), uuidv7()];

    hints.note(id, "running out", false);
    hints.note(id, { left: 0 }, false);
    vi.advanceTimersByTime(1_999);
    expect(hints.stock(id)).toEqual({ left: 0 });
    vi.advanceTimersByTime(1);
    expect(hints.stock(id)).toBe("plenty");
  });

  it("is kept for the last 1,000 noted options", () => {
    const hints = new SaleHints();
    const ids = Array.from({ length: 1_002 }, () => uuidv7());
    for (const id of ids) hints.note(id, { left: 0 }, false);

    expect(ids.filter((id) => hints.stock(id) === "plenty")).toEqual(ids.slice(0, 2));
  });
});

describe("a purchase", () => {
  it("takes one Data API call while there is plenty", async () => {
    const id = await optionOf(128);

    expect(await buy(id, 2)).toEqual({ result: "sold", calls: 1 });
  });

  it("is refused with one Data API call after this process has seen the option sold out", async () => {
    const id = await optionOf(1);
    await buy(id, 1);
    await buy(id, 1);

    expect(await buy(id, 1)).toEqual({ result: "not enough", calls: 1 });
  });

  it("is sold even if the hint wrongly says sold out", async () => {
    const id = await optionOf(1);
    await buy(id, 1);
    expect(await buy(id, 1)).toMatchObject({ result: "not enough" });
    await owner.query("update ticket_option_stripes set allocation = 5 where ticket_option_id = $1", [id]);

    expect(await buy(id, 2)).toEqual({ result: "sold", calls: 2 });
  });

  it("of an option that does not exist leaves no hint", async () => {
    const id = uuidv7();
    expect(await buy(id, 1)).toEqual({ result: "no such option", calls: 3 });

    expect(await buy(id, 1)).toEqual({ result: "no such option", calls: 3 });
  });

  it("from an option without a stripe count takes one Data API call after the first", async () => {
    const id = await optionOf(512);
    await owner.query("update ticket_options set stripes = null where id = $1", [id]);
    expect(await buy(id, 1)).toEqual({ result: "sold", calls: 2 });

    expect(await buy(id, 1)).toEqual({ result: "sold", calls: 1 });
  });

  it("from an option with a limit for each user takes one Data API call after the first", async () => {
    const id = await optionOf(128, 1_000);
    expect(await buy(id, 1)).toEqual({ result: "sold", calls: 5 });

    expect(await buy(id, 1)).toEqual({ result: "sold", calls: 1 });
  });

  it("that exceeds a user's limit is refused with three Data API calls after the first", async () => {
    const id = await optionOf(128, 1);
    expect(await buy(id, 2)).toEqual({ result: "over limit", calls: 4 });

    expect(await buy(id, 2)).toEqual({ result: "over limit", calls: 3 });
  });

  it("is sold even if this process wrongly believes that the option has a limit for each user", async () => {
    const id = await optionOf(128, 1_000);
    expect(await buy(id, 1)).toMatchObject({ result: "sold" });
    await owner.query("update ticket_options set max_per_user = null where id = $1", [id]);

    expect(await buy(id, 1)).toEqual({ result: "sold", calls: 5 });
    expect(await buy(id, 1)).toEqual({ result: "sold", calls: 1 });
  });

  it("is refused even if the hint wrongly says plenty", async () => {
    const id = await optionOf(5);
    await owner.query("update ticket_option_stripes set allocation = 1 where ticket_option_id = $1", [id]);

    expect(await buy(id, 2)).toEqual({ result: "not enough", calls: 3 });
  });

  it("is sold with one Data API call after a larger one was refused in the same process", async () => {
    const id = await optionOf(3);
    expect(await buy(id, 4)).toMatchObject({ result: "not enough" });

    expect(await buy(id, 3)).toEqual({ result: "sold", calls: 1 });
  });
});

async function optionOf(capacity: number, maxPerUser: number | null = null): Promise<string> {
  const option = newOption({ capacity, maxPerUser });
  await createTicketOption(option, database.work(25_000));
  return option.id;
}

/** Buys tickets and counts the Data API calls. */
async function buy(ticketOptionId: string, quantity: number) {
  const order = newOrder(ticketOptionId, { quantity });
  const inner = database.work(25_000);
  let calls = 0;
  const work: Work = {
    get outcomeUnknown() {
      return inner.outcomeUnknown;
    },
    set outcomeUnknown(value) {
      inner.outcomeUnknown = value;
    },
    query: (...statement) => {
      calls += 1;
      return inner.query(...statement);
    },
    execute: (...statement) => {
      calls += 1;
      return inner.execute(...statement);
    },
  };
  const { result } = await sellTickets(order, anyOrder, work);
  return { result, calls };
}
