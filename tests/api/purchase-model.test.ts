// Random sequences of requests, compared with a simple model.
import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { expect, inject, it } from "vitest";
import { auditOption } from "../../infra/audit.ts";
import { dataApi } from "../../lib/data-api.ts";
import {
  cancel,
  change,
  confirm,
  create,
  get,
  getPurchase,
  listPurchases,
  listTicketOptions,
  purchase,
} from "./client.ts";
import { hasClock, pass } from "./clock.ts";
import { created, gotten, invalid, replayed, shown, time } from "./expected.ts";
import {
  keyed,
  newKey,
  optionFields,
  type Purchase,
  type PurchaseList,
  type TicketOption,
  type TicketOptionList,
} from "./given.ts";
import { OptionModel, type Order, type Sale, type Settings } from "./sale-model.ts";

/** How far a reader has read the feed of an option. */
interface Reader {
  userId: string | undefined;
  next: string | undefined;
  /** The sale that was read last, as it was then. */
  last: { changed: number; id: string };
}

interface Known {
  option: OptionModel;
  updatedAt: string;
  readers: Reader[];
}

interface World {
  options: Known[];
}

/** The model is part of what the commands run on: it holds the bodies that the API made up. */
type Command = fc.AsyncCommand<World, object>;

/** Undefined if the service is in another process: then its database is not audited. */
const owner: Parameters<typeof dataApi>[0] | undefined = inject("ownerDatabase");
const database = owner && dataApi(owner);

/** Checks that every option is as the model says, and every purchase of one. */
async function compare({ options }: World, touched?: Known): Promise<void> {
  for (const known of options) {
    const response = await get(known.option.id);
    const { UpdatedAt } = response.body as TicketOption;
    expect(response).toEqual(gotten(known.option.shown(UpdatedAt)));
    if (known.option.isUpdated) expect(UpdatedAt > known.updatedAt).toBe(true);
    else expect(UpdatedAt).toBe(known.updatedAt);
    Object.assign(known, { updatedAt: UpdatedAt });
    known.option.isUpdated = false;
    if (database) expect(await auditOption(database, known.option.id)).toEqual([]);
  }
  if (touched) await compareFeed(touched);
}

async function compareFeed({ option }: Known): Promise<void> {
  const feed = option.feed();
  const bodies = await untilListed(option.id, {}, feed);
  for (const [index, sale] of feed.entries()) sale.body = bodies.Purchases[index] as Purchase;
}

/** A change is listed when no earlier transaction of the database is running. */
async function untilListed(id: string, query: Record<string, string>, sales: Sale[]): Promise<PurchaseList> {
  const read = async () => (await listPurchases(id, query)).body as PurchaseList;
  const isListed = ({ Purchases }: PurchaseList) =>
    Purchases.map(({ ID, Status }) => ID + Status).join() ===
    sales.map(({ body }) => body.ID + body.Status).join();
  let list = await read();
  for (const deadline = Date.now() + 10_000; !isListed(list) && Date.now() < deadline; ) list = await read();
  expect(list).toEqual({ Purchases: sales.map(({ body }) => body), Next: expect.any(String) });
  return list;
}

function at<T>(list: T[], pick: number): T {
  return list[pick % list.length] as T;
}

/** A command on one of the options. */
const onOption = (name: string, pick: number, run: (known: Known) => Promise<unknown>): Command => ({
  toString: () => `#${pick}: ${name}`,
  check: ({ options }) => options.length > 0,
  async run(world) {
    const known = at(world.options, pick);
    await run(known);
    await compare(world, known);
  },
});

/** A command on one of an option's purchases. */
const onSale = (
  name: string,
  [pick, which]: [number, number],
  run: (known: Known, sale: Sale) => Promise<unknown>,
): Command => ({
  ...onOption(`${name} of purchase ${which}`, pick, (known) => run(known, at(known.option.sales, which))),
  check: ({ options }) => options.length > 0 && at(options, pick).option.sales.length > 0,
});

const noRules = { SaleStartsAt: null, SaleEndsAt: null, MaxPerPurchase: null, MaxPerUser: null };

interface Creation {
  Allocation: number;
  rules: Partial<Settings>;
}

async function createOption(world: World, { Allocation, rules }: Creation): Promise<void> {
  const { Name, Desc } = optionFields();
  const fields = optionFields({ Allocation, ...rules });
  const response = await create(fields);
  const { SaleStartsAt = null, SaleEndsAt = null } = rules;
  if (SaleStartsAt !== null && SaleEndsAt !== null && SaleStartsAt >= SaleEndsAt) {
    expect(response).toEqual(invalid("#/SaleEndsAt"));
    return;
  }
  const set = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
  expect(response).toEqual(created(set as unknown as TicketOption));
  const option = response.body as TicketOption;
  const settings = { Name, Desc, Capacity: Allocation, ...noRules, ...rules };
  world.options.push({
    option: new OptionModel(option, settings),
    updatedAt: option.UpdatedAt,
    readers: [undefined, ...users].map((userId) => ({
      userId,
      next: undefined,
      last: { changed: 0, id: "" },
    })),
  });
}

const creation = (fields: Creation): Command => ({
  toString: () => `create(${JSON.stringify(fields)})`,
  check: () => true,
  async run(world) {
    await createOption(world, fields);
    await compare(world);
  },
});

const invalidCreation = (allocation: unknown): Command => ({
  toString: () => `create(${JSON.stringify(allocation)})`,
  check: () => true,
  async run(world) {
    expect(await create(optionFields({ Allocation: allocation }))).toEqual(invalid("#/Allocation"));
    await compare(world);
  },
});

const ordering = (pick: number, order: Order): Command =>
  onOption(`order ${JSON.stringify(order)}`, pick, async ({ option }) => {
    const key = newKey();
    const { response: expected, done } = option.purchase(order, key);
    const response = await purchase(option.id, order, keyed(key));
    expect(response).toEqual(expected);
    done?.(response.body);
  });

const invalidOrdering = (pick: number, quantity: unknown): Command =>
  onOption(`order ${JSON.stringify(quantity)}`, pick, async ({ option }) => {
    const body = { Quantity: quantity, UserID: users[0] };
    expect(await purchase(option.id, body)).toEqual(invalid("#/Quantity"));
  });

const repeating = (pick: [number, number]): Command =>
  onSale("repeat the order", pick, async ({ option }, { order, key, body }) => {
    expect(await purchase(option.id, order, keyed(key))).toEqual(replayed(shown(body)));
  });

const reading = (pick: [number, number]): Command =>
  onSale("read", pick, async (_known, { body }) => {
    expect(await getPurchase(body)).toEqual(shown(body));
  });

const confirming = (pick: [number, number]): Command =>
  onSale("confirm", pick, async ({ option }, sale) => {
    const { response: expected, done } = option.confirm(sale);
    const response = await confirm(sale.body);
    expect(response).toEqual(expected);
    done?.(response.body);
  });

const cancelling = (pick: [number, number], Sold: boolean | undefined): Command =>
  onSale(`cancel with Sold ${Sold}`, pick, async ({ option }, sale) => {
    const { response: expected, done } = option.cancel(sale, Sold ?? false);
    const response = await cancel(sale.body, Sold === undefined ? undefined : { Sold });
    expect(response).toEqual(expected);
    done?.(response.body);
  });

const changing = (pick: number, patch: Partial<Settings>): Command =>
  onOption(`change ${JSON.stringify(patch)}`, pick, async ({ option }) => {
    const { response } = option.change(patch, time);
    expect(await change(option.id, patch)).toEqual(response);
  });

const passing = (pick: number, seconds: number): Command =>
  onOption(`${seconds} s pass`, pick, async ({ option }) => {
    await pass(seconds, option.id);
    option.pass(seconds);
  });

/** Reads on in a feed, from where the same reader has stopped. */
const readingOn = (pick: number, who: number, limit: number): Command =>
  onOption(`reader ${who} reads ${limit}`, pick, async ({ option, readers }) => {
    const reader = at(readers, who);
    const { changed, id } = reader.last;
    const isNew = ({ changed: change, body }: Sale) =>
      change > changed || (change === changed && body.ID > id);
    const expected = option.feed(reader.userId).filter(isNew).slice(0, limit);
    const { Next } = await untilListed(
      option.id,
      {
        Limit: `${limit}`,
        ...(reader.userId !== undefined && { UserID: reader.userId }),
        ...(reader.next !== undefined && { After: reader.next }),
      },
      expected,
    );
    if (expected.length === 0 && reader.next !== undefined) expect(Next).toBe(reader.next);
    const last = expected.at(-1);
    reader.next = Next;
    if (last) reader.last = { changed: last.changed, id: last.body.ID };
  });

const listing: Command = {
  toString: () => "list options",
  check: ({ options }) => options.length > 0,
  async run({ options }) {
    const own = [];
    let query: Record<string, string> = {};
    while (own.length < options.length) {
      const response = await listTicketOptions(query);
      const { TicketOptions, Next } = response.body as TicketOptionList;
      own.push(...TicketOptions.filter(({ ID }) => options.some(({ option }) => option.id === ID)));
      if (Next === undefined) break;
      query = { After: Next };
    }
    expect(own).toEqual(options.map(({ option, updatedAt }) => option.shown(updatedAt)).toReversed());
  },
};

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
const users = [randomUUID(), randomUUID(), randomUUID()];
const option = fc.nat({ max: 2 });
const one = fc.tuple(option, fc.nat({ max: 9 }));

const past = fc.constantFrom("2001-01-01T00:00:00.000000Z", "2001-01-01T00:00:00.000001Z");
const future = fc.constantFrom("2101-01-01T00:00:00.000000Z", "2101-01-01T00:00:00.000001Z");
const mostly = <T>(usual: fc.Arbitrary<T>, unusual: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 5, arbitrary: usual }, { weight: 1, arbitrary: unusual });

const rules = {
  SaleStartsAt: mostly<string | null>(fc.oneof(past, fc.constant(null)), future),
  SaleEndsAt: mostly<string | null>(fc.oneof(future, fc.constant(null)), past),
  MaxPerPurchase: fc.option(fc.integer({ min: 1, max: 12 }), { nil: null }),
};
const maxPerUser = fc.integer({ min: 1, max: 15 });
const capacity = fc.oneof(fc.nat({ max: 30 }), fc.constantFrom(6, 10, 200, 1000));

const newOption = fc.record({
  Allocation: capacity,
  rules: fc.record({ ...rules, MaxPerUser: fc.option(maxPerUser, { freq: 2, nil: null }) }),
});
const withoutRules = fc.record({ Allocation: capacity, rules: fc.constant({}) });

const order = fc.record({
  UserID: fc.constantFrom(...users),
  Quantity: fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 30 })),
  // In steps of the clock, so that the time that the test takes does not matter.
  HoldSeconds: fc.option(fc.constantFrom(1000, 2000, 5000), { nil: null, freq: 2 }),
});

const patch = fc.record(
  {
    ...rules,
    MaxPerUser: maxPerUser,
    Capacity: capacity,
    Name: fc.constantFrom("Derby", "Cup"),
    Desc: fc.constant(""),
  },
  { requiredKeys: [] },
);

const often = (times: number, command: fc.Arbitrary<Command>) => Array<typeof command>(times).fill(command);

const clock = hasClock
  ? often(
      3,
      fc.tuple(option, fc.constantFrom(1000, 1000, 3000)).map((given) => passing(...given)),
    )
  : [];

const commands = fc.commands(
  [
    newOption.map(creation),
    invalidNumber.map(invalidCreation),
    ...often(
      8,
      fc.tuple(option, order).map((given) => ordering(...given)),
    ),
    fc.tuple(option, fc.oneof(invalidNumber, fc.constant(0))).map((given) => invalidOrdering(...given)),
    ...clock,
    one.map(repeating),
    one.map(reading),
    ...often(2, one.map(confirming)),
    ...often(
      2,
      fc.tuple(one, fc.constantFrom(undefined, false, true)).map((given) => cancelling(...given)),
    ),
    fc.tuple(option, patch).map((given) => changing(...given)),
    fc.tuple(option, fc.record({ Capacity: capacity })).map((given) => changing(...given)),
    ...often(
      2,
      fc
        .tuple(option, fc.nat({ max: 3 }), fc.integer({ min: 1, max: 4 }))
        .map((given) => readingOn(...given)),
    ),
    fc.constant(listing),
  ],
  { maxCommands: 60, size: "max" },
);

it("a random sequence of requests leaves every option and purchase in the state of the model", {
  timeout: 300_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(newOption, withoutRules, commands, async (limited, free, sequence) => {
      const world: World = { options: [] };
      await createOption(world, limited);
      await createOption(world, free);
      await fc.asyncModelRun(() => ({ model: world, real: {} }), sequence);
    }),
    { numRuns: 8 },
  );
});
