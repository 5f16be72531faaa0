// Random sequences of requests, compared with a simple model.
import fc from "fast-check";
import { expect, it } from "vitest";
import { create, get, purchase } from "./client.ts";
import { created, gotten, invalid, notEnough, purchased } from "./expected.ts";
import { anyUser, optionFields, type TicketOption } from "./given.ts";

interface Model {
  options: { capacity: number; left: number }[];
}

interface Api {
  options: TicketOption[];
}

type Command = fc.AsyncCommand<Model, Api>;

/** Checks that every option is as the model says. */
async function compare(model: Model, api: Api): Promise<void> {
  for (const [index, { UpdatedAt: _, ...created }] of api.options.entries()) {
    const { capacity, left } = at(model.options, index);
    expect(await get(created.ID)).toEqual(gotten({ ...created, Allocation: left, Capacity: capacity }));
  }
}

function at<T>(list: T[], pick: number): T {
  return list[pick % list.length] as T;
}

const creation = (allocation: number): Command => ({
  toString: () => `create(${allocation})`,
  check: () => true,
  async run(model, api) {
    const response = await create(optionFields({ Allocation: allocation }));
    expect(response).toEqual(created(optionFields({ Allocation: allocation })));
    model.options.push({ capacity: allocation, left: allocation });
    api.options.push(response.body as TicketOption);
    await compare(model, api);
  },
});

const invalidCreation = (allocation: unknown): Command => ({
  toString: () => `create(${JSON.stringify(allocation)})`,
  check: () => true,
  async run(model, api) {
    expect(await create(optionFields({ Allocation: allocation }))).toEqual(invalid("#/Allocation"));
    await compare(model, api);
  },
});

const sale = (pick: number, quantity: number): Command => ({
  toString: () => `purchase(#${pick}, ${quantity})`,
  check: ({ options }) => options.length > 0,
  async run(model, api) {
    const { ID } = at(api.options, pick);
    const option = at(model.options, pick);
    const response = await purchase(ID, { Quantity: quantity, UserID: anyUser });
    if (quantity > option.left) {
      expect(response).toEqual(notEnough(quantity, option.left));
    } else {
      expect(response).toEqual(purchased({ TicketOptionID: ID, UserID: anyUser, Quantity: quantity }));
      option.left -= quantity;
    }
    await compare(model, api);
  },
});

const invalidSale = (pick: number, quantity: unknown): Command => ({
  toString: () => `purchase(#${pick}, ${JSON.stringify(quantity)})`,
  check: ({ options }) => options.length > 0,
  async run(model, api) {
    const body = { Quantity: quantity, UserID: anyUser };
    expect(await purchase(at(api.options, pick).ID, body)).toEqual(invalid("#/Quantity"));
    await compare(model, api);
  },
});

const invalidNumber = fc.constantFrom<unknown>(
  undefined,
  null,
  -1,
  1.5,
  "1",
  [1],
  true,
  2 ** 31,
  Number.MAX_VALUE,
);
const pick = fc.nat({ max: 3 });

const commands = fc.commands(
  [
    fc.nat({ max: 30 }).map(creation),
    invalidNumber.map(invalidCreation),
    fc.tuple(pick, fc.integer({ min: 1, max: 20 })).map(([option, quantity]) => sale(option, quantity)),
    fc.tuple(pick, fc.integer({ min: 1, max: 5 })).map(([option, quantity]) => sale(option, quantity)),
    fc
      .tuple(pick, fc.oneof(invalidNumber, fc.constant(0)))
      .map(([option, quantity]) => invalidSale(option, quantity)),
  ],
  { maxCommands: 20, size: "max" },
);

it("a random sequence of requests leaves every option in the state of the model", {
  timeout: 120_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(commands, async (sequence) => {
      await fc.asyncModelRun(() => ({ model: { options: [] }, real: { options: [] } }), sequence);
    }),
    { numRuns: 20 },
  );
});
