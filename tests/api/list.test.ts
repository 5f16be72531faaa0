import { describe, expect, it } from "vitest";
import { change, listTicketOptions } from "./client.ts";
import { invalid, shown } from "./expected.ts";
import {
  createTicketOption,
  hold,
  read,
  sell,
  type TicketOption,
  type TicketOptionList,
  unknownId,
} from "./given.ts";

const listOf = async (query: Record<string, string | number>) => {
  const response = await listTicketOptions(query);
  expect(response).toEqual(shown(response.body));
  return response.body as TicketOptionList;
};

/** The pages from the newest option, or from `After` on, to the last page, or to the one with the option `last`. */
async function pages(Limit: number, last?: TicketOption, After?: string): Promise<TicketOptionList[]> {
  const read: TicketOptionList[] = [];
  for (let next = After; ; ) {
    const page = await listOf({ Limit, ...(next !== undefined && { After: next }) });
    read.push(page);
    next = page.Next;
    if (next === undefined || page.TicketOptions.some(({ ID }) => ID === last?.ID)) return read;
  }
}

const optionsOf = (list: TicketOptionList[]) => list.flatMap(({ TicketOptions }) => TicketOptions);

/** Expects a page that is followed by another: of the wanted size, or shorter because its texts are long. */
function expectFull({ TicketOptions, Next }: TicketOptionList, limit: number): void {
  expect(Next).toBe(TicketOptions.at(-1)?.ID);
  if (TicketOptions.length !== limit) expect(textBytes(TicketOptions)).toBeGreaterThan(430_000);
  expect(TicketOptions.length).toBeLessThanOrEqual(limit);
}

const textBytes = (options: TicketOption[]) =>
  Buffer.byteLength(JSON.stringify(options.map(({ Name, Desc }) => Name + Desc)));

// Other tests create options at the same time.
describe("listing ticket options", () => {
  it("shows each once as it is now, the newest first, in pages of the wanted size", async () => {
    const plain = await createTicketOption();
    const limited = await createTicketOption({ MaxPerUser: 4, SaleEndsAt: "2101-01-01T00:00:00Z" });
    const sold = await createTicketOption();
    await sell(sold, { Quantity: 3 });
    await hold(sold, { Quantity: 1 });
    await change(sold.ID, { Name: "Derby", Capacity: 20 });
    const now = [await read(sold), limited, plain];

    for (const limit of [1, 2, 7, 100]) {
      const list = await pages(limit, plain);
      const all = optionsOf(list);
      const ids = all.map(({ ID }) => ID);
      expect(ids).toEqual([...new Set(ids)].toSorted().reverse());
      expect(all.filter(({ ID }) => now.some((one) => one.ID === ID))).toEqual(now);
      for (const one of list.slice(0, -1)) expectFull(one, limit);
    }
  });

  it("has shorter pages if the texts are long, and misses none", async () => {
    const Desc = "\u{1f3ab}".repeat(10_000); // 40,000 bytes, so 30 of them would exceed the Data API's 1 MiB
    const long: TicketOption[] = [];
    while (long.length < 30) long.push(await createTicketOption({ Desc }));

    const list = await pages(100, long[0]);
    for (const one of list) expect(textBytes(one.TicketOptions)).toBeLessThan(520_000);
    expect(list.length).toBeGreaterThan(2);
    const shownIds = optionsOf(list).map(({ ID }) => ID);
    expect(long.map(({ ID }) => ID).filter((id) => !shownIds.includes(id))).toEqual([]);
  });

  it("has 100 in a page without Limit", async () => {
    await Promise.all(Array.from({ length: 101 }, () => createTicketOption({ Allocation: 0 })));

    const list = await listOf({});
    expectFull(list, 100);
    expect(Object.keys(list)).toEqual(["TicketOptions", "Next"]);
  });

  it("has no Next on the last page, whether it is full or not", async () => {
    const options = [await createTicketOption(), await createTicketOption(), await createTicketOption()];
    const all = optionsOf(await pages(100, undefined, options[2]?.ID));
    const [third = "", second, first] = all.slice(-3).map(({ ID }) => ID);
    const [, fourth = ""] = [third, all.at(-4)?.ID ?? options[2]?.ID];

    expect(await listTicketOptions({ After: fourth, Limit: 3 })).toEqual(
      shown({ TicketOptions: all.slice(-3) }),
    );
    expect(await listTicketOptions({ After: fourth, Limit: 4 })).toEqual(
      shown({ TicketOptions: all.slice(-3) }),
    );
    expect(await listTicketOptions({ After: fourth, Limit: 2 })).toEqual(
      shown({ TicketOptions: all.slice(-3, -1), Next: second }),
    );
    expect(await listTicketOptions({ After: first ?? "" })).toEqual(shown({ TicketOptions: [] }));
    expect(await listTicketOptions({ After: "00000000-0000-0000-0000-000000000000" })).toEqual(
      shown({ TicketOptions: [] }),
    );
  });

  it("does not show options that are created while it is read page by page", async () => {
    const [older, newer] = [await createTicketOption(), await createTicketOption()];
    const later = await createTicketOption();

    const { TicketOptions } = await listOf({ After: newer.ID });
    expect(TicketOptions).toContainEqual(older);
    expect(TicketOptions.filter(({ ID }) => ID >= newer.ID)).toEqual([]);
    expect(later.ID > newer.ID).toBe(true);
  });

  it("accepts After in any letter case, and as the id of no option", async () => {
    const option = await createTicketOption();

    const idsAfter = async (After: string) =>
      (await listOf({ After, Limit: 3 })).TicketOptions.map(({ ID }) => ID);
    expect(await idsAfter(option.ID.toUpperCase())).toEqual(await idsAfter(option.ID));
    expect((await listOf({ After: unknownId })).TicketOptions.every(({ ID }) => ID < unknownId)).toBe(true);
    expect(
      (await listOf({ After: "ffffffff-ffff-ffff-ffff-ffffffffffff", Limit: 1 })).TicketOptions.length,
    ).toBe(1);
  });

  it("ignores unknown parameters", async () => {
    expect((await listTicketOptions("Unknown=1&Limit=1&Unknown=2&UserID=derby")).status).toBe(200);
  });
});

describe("a list of ticket options with invalid parameters", () => {
  it.each([
    "0",
    "101",
    "-1",
    "1.5",
    "1e1",
    "",
    "05",
    "%2B5",
    "5%20",
    "%205",
    "ten",
    "0x10",
    "9".repeat(400),
    "%EF%BC%95",
  ])("reports a Limit of %s", async (limit) => {
    expect(await listTicketOptions(`Limit=${limit}`)).toEqual(invalid("?Limit"));
  });

  it.each([
    "",
    "derby",
    "1",
    unknownId.slice(1),
    `${unknownId}0`,
    unknownId.replaceAll("-", ""),
    `%7B${unknownId}%7D`,
    `${unknownId}%0A`,
    `${unknownId}%00`,
    "'%20or%20'1'='1",
    "x".repeat(2000),
  ])("reports an After of %s", async (after) => {
    expect(await listTicketOptions(`After=${after}`)).toEqual(invalid("?After"));
  });

  it.each(["Limit=1&Limit=1", "Limit=1&limit=2", "Limit=1&Limit=0"])(
    "reports a parameter that is given twice: %s",
    async (query) => {
      expect(await listTicketOptions(query)).toEqual(invalid("?Limit"));
    },
  );

  it("reports every wrong parameter at once", async () => {
    expect(await listTicketOptions("Limit=0&After=derby")).toEqual(invalid("?After", "?Limit"));
    expect(await listTicketOptions(`After=${unknownId}&After=${unknownId}&Limit=0`)).toEqual(
      invalid("?After", "?Limit"),
    );
  });
});
