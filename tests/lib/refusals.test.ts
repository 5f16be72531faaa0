import { describe, expect, it } from "vitest";
import { falseRefusals, type Log } from "./refusals.ts";

const span = (begun: number, ended: number) => ({ begun, ended });
const base: Log = {
  purchases: [],
  capacities: [{ ...span(1, 2), capacity: 5 }],
  limit: 4,
  refusals: [],
};
const refusal = { ...span(10, 20), userId: "u", quantity: 2, available: 1 };
const overLimit = { ...span(10, 20), userId: "u", quantity: 2, has: 3 };

describe("falseRefusals()", () => {
  it("finds a refusal while enough tickets were left", () => {
    const purchases = [{ ...span(3, 4), userId: "v", quantity: 3 }];
    expect(falseRefusals({ ...base, purchases, refusals: [refusal] })).toEqual([
      "refused 2 while at least 2 were left",
    ]);
  });

  it("accepts a refusal that a purchase may justify, also one that is cancelled meanwhile", () => {
    const first = { ...span(3, 4), userId: "v", quantity: 3 };
    const second = { ...span(19, 30), userId: "v", quantity: 1 };
    const cancelled = { ...first, quantity: 1, cancel: span(5, 11) };
    for (const other of [second, cancelled])
      expect(falseRefusals({ ...base, purchases: [first, other], refusals: [refusal] })).toEqual([]);
  });

  it("finds a refusal that only a purchase cancelled before it, or begun after it, would justify", () => {
    const first = { ...span(3, 4), userId: "v", quantity: 3 };
    const second = { ...span(21, 30), userId: "v", quantity: 1 };
    const cancelled = { ...first, quantity: 1, cancel: span(5, 9) };
    for (const other of [second, cancelled])
      expect(falseRefusals({ ...base, purchases: [first, other], refusals: [refusal] })).toEqual([
        "refused 2 while at least 2 were left",
      ]);
  });

  it("counts on the smallest capacity that there may have been", () => {
    const small = { ...span(3, 4), capacity: 1 };
    const large = { ...span(5, 9), capacity: 9 };
    const capacities = [...base.capacities, small];
    expect(falseRefusals({ ...base, capacities, refusals: [refusal] })).toEqual([]);
    expect(falseRefusals({ ...base, capacities: [...capacities, large], refusals: [refusal] })).toEqual([
      "refused 2 while at least 9 were left",
    ]);
    const later = { ...large, ended: 11 };
    expect(falseRefusals({ ...base, capacities: [...capacities, later], refusals: [refusal] })).toEqual([]);
  });

  it("finds a refusal that contradicts itself", () => {
    const purchases = [{ ...span(3, 4), userId: "u", quantity: 5 }];
    const refusals = [
      { ...refusal, available: 2 },
      { ...overLimit, has: 2 },
    ];
    expect(falseRefusals({ ...base, purchases, refusals })).toEqual([
      "refused 2 with 2 available",
      "refused 2 to a user with a limit of 4 as having 2",
    ]);
  });

  it("finds a refusal of a user who had few enough", () => {
    const purchases = [
      { ...span(3, 4), userId: "u", quantity: 2 },
      { ...span(3, 4), userId: "v", quantity: 3 },
    ];
    expect(falseRefusals({ ...base, purchases, refusals: [overLimit] })).toEqual([
      "refused 2 to a user with a limit of 4 who had 2",
    ]);
  });
});
