// Runs the on-sale test on faulty shops, to prove that it finds their faults.
import { describe, expect, it } from "vitest";
import { mixedBuyers } from "../support/buyers.ts";
import { breaches } from "./breaches.ts";
import { hastyShop, racyShop } from "./faulty-shops.ts";
import { runOnSale } from "./on-sale.ts";
import { openShop } from "./shop.ts";

describe("the on-sale test", { timeout: 120_000 }, () => {
  it("finds that a shop oversells if it reads and then writes", async () => {
    const { option, readState } = await openShop(100);
    const buyers = mixedBuyers(301, 7);
    const record = await runOnSale({ buyers, buy: racyShop(option, buyers.length), readState });

    expect(breaches(record)).toEqual([
      expect.stringMatching(/^oversold: \d{4} of 100 tickets$/),
      expect.stringMatching(/^sold or held \d{4} tickets, but 100 became 0$/),
    ]);
  });

  it("finds that a shop refuses falsely if it refuses buyers who find a locked row", async () => {
    const { option, readState } = await openShop(100);
    const buyers = mixedBuyers(301, 7);
    const record = await runOnSale({ buyers, buy: hastyShop(option, buyers.length), readState });

    expect(breaches(record)).toEqual(
      Array(300).fill(expect.stringMatching(/^falsely refused [1-7] while at least 99 were left$/)),
    );
  });
});
