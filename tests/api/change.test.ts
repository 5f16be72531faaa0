import { describe, expect, it } from "vitest";
import { type ContractResponse, change, get, getPurchase, purchase, sendRequest } from "./client.ts";
import { holdThatLapsed } from "./clock.ts";
import {
  cancelledPurchase,
  capacityInUse,
  changed,
  gotten,
  invalid,
  notEnough,
  notFound,
  shown,
  time,
} from "./expected.ts";
import {
  confirmed,
  createTicketOption,
  hold,
  keyed,
  purchaseFields,
  read,
  refusedPurchase,
  sell,
  type TicketOption,
  unknownId,
} from "./given.ts";

const rules = {
  SaleStartsAt: "2022-01-06T07:00:00.000000Z",
  SaleEndsAt: "2122-01-06T07:00:00.000000Z",
  MaxPerPurchase: 5,
  MaxPerUser: 8,
};
const past = "2001-01-01T00:00:00.000000Z";
const future = "2101-01-01T00:00:00.000000Z";
const farFuture = "2201-01-01T00:00:00.000000Z";

/** Sends a change, and checks that the option is then as the response says. */
async function changeAndRead(option: TicketOption, body: unknown): Promise<ContractResponse> {
  const response = await change(option.ID, body);
  expect(await get(option.ID)).toEqual(gotten(response.body as TicketOption));
  expect((response.body as TicketOption).UpdatedAt >= option.UpdatedAt).toBe(true);
  return response;
}

/** Sends a change that must not change anything. */
async function refusedChange(
  option: TicketOption,
  body: unknown,
  headers?: Record<string, string>,
): Promise<ContractResponse> {
  const before = await get(option.ID);
  const response = await change(option.ID, body, headers);
  expect(await get(option.ID)).toEqual(before);
  return response;
}

describe("changing a ticket option", () => {
  it.each([
    { Name: "Derby" },
    { Name: "🎫".repeat(255) },
    { Desc: "Sold out soon." },
    { Desc: "" },
    { Capacity: 12 },
    { SaleStartsAt: past },
    { SaleStartsAt: null },
    { SaleEndsAt: farFuture },
    { SaleEndsAt: null },
    { MaxPerPurchase: 10_000 },
    { MaxPerPurchase: null },
    { MaxPerUser: 1 },
    { MaxPerUser: 2_147_483_647 },
  ])("changes the field that is named, and no other: %o", async (fields) => {
    const option = await createTicketOption(rules);
    const { Capacity = 10, ...others } = fields as Partial<TicketOption>;
    const expected = { ...option, ...others, Capacity, Allocation: Capacity, UpdatedAt: time };
    const present = Object.entries(expected).filter(([, value]) => value !== null);

    expect(await changeAndRead(option, fields)).toEqual(
      changed(Object.fromEntries(present) as unknown as TicketOption),
    );
  });

  it("changes all fields at once", async () => {
    const option = await createTicketOption(rules);
    const fields = {
      ...{ Name: "Derby", Desc: "Postponed.", Capacity: 20, SaleStartsAt: past, SaleEndsAt: future },
      ...{ MaxPerPurchase: 1, MaxPerUser: 2 },
    };

    expect(await changeAndRead(option, fields)).toEqual(
      changed({ ...option, ...fields, Allocation: 20, UpdatedAt: time }),
    );
  });

  it("adds rules to an option that was created without", async () => {
    const option = await createTicketOption();
    const { MaxPerUser: _, ...fields } = rules;

    expect(await changeAndRead(option, fields)).toEqual(changed({ ...option, ...fields, UpdatedAt: time }));
  });

  it("removes rules, and an empty patch changes nothing more", async () => {
    const { SaleStartsAt, SaleEndsAt, MaxPerPurchase, Desc, ...rest } = await createTicketOption(rules);
    const nulls = { SaleStartsAt: null, SaleEndsAt: null, MaxPerPurchase: null, Desc: null };
    const expected = changed({ ...rest, Desc: "", UpdatedAt: time });

    expect(await change(rest.ID, nulls)).toEqual(expected);
    expect(await change(rest.ID, {})).toEqual(expected);
    expect(await change(rest.ID, { Unknown: null })).toEqual(expected);
    expect(await change(rest.ID, nulls)).toEqual(expected);
  });

  it("has the same response again, but for UpdatedAt, which never goes back", async () => {
    const option = await createTicketOption();
    const first = await change(option.ID, { Name: "Derby", Capacity: 20 });
    const second = await change(option.ID, { Name: "Derby", Capacity: 20 });

    expect(second).toEqual({ ...first, body: { ...(first.body as TicketOption), UpdatedAt: time } });
    const [once, twice] = [first, second].map(({ body }) => (body as TicketOption).UpdatedAt);
    expect([option.UpdatedAt < `${once}`, `${once}` <= `${twice}`]).toEqual([true, true]);
  });

  it("changes the ETag", async () => {
    const option = await createTicketOption();
    const { etag } = (await get(option.ID)).headers;
    await change(option.ID, { Name: "Derby" });

    expect((await get(option.ID)).headers.etag).not.toBe(etag);
  });

  it.each(["name", "NAME", "n_a_m_e"])("accepts the key spelling %s", async (key) => {
    const option = await createTicketOption();

    expect(await change(option.ID, { [key]: "Derby" })).toEqual(
      changed({ ...option, Name: "Derby", UpdatedAt: time }),
    );
  });

  it("reads times with any offset", async () => {
    const option = await createTicketOption();

    expect(await change(option.ID, { sale_ends_at: "2101-01-01T03:00:00.5+03:00" })).toEqual(
      changed({ ...option, SaleEndsAt: "2101-01-01T00:00:00.500000Z", UpdatedAt: time }),
    );
  });

  it("accepts the id in any letter case and returns it in lower case", async () => {
    const option = await createTicketOption();

    expect(await change(option.ID.toUpperCase(), { Name: "Derby" })).toEqual(
      changed({ ...option, Name: "Derby", UpdatedAt: time }),
    );
  });

  it.each([
    "application/merge-patch+json",
    "application/json",
    "application/json; charset=utf-8",
    "application/vnd.tickets+json",
    "text/plain",
  ])("accepts the Content-Type %s", async (type) => {
    const option = await createTicketOption();

    expect(await change(option.ID, '{"Name":"Derby"}', { "Content-Type": type })).toEqual(
      changed({ ...option, Name: "Derby", UpdatedAt: time }),
    );
  });

  it("ignores If-Match and an Idempotency-Key", async () => {
    const option = await createTicketOption();
    const expected = changed({ ...option, Name: "Derby", UpdatedAt: time });

    expect(await change(option.ID, '{"Name":"Derby"}', { "If-Match": '"another"' })).toEqual(expected);
    expect(await change(option.ID, '{"Name":"Derby"}', keyed("not visible"))).toEqual(expected);
  });

  it("keeps the changes of different fields that are sent at once", async () => {
    const option = await createTicketOption(rules);

    const responses = await Promise.all([
      change(option.ID, { Name: "Derby" }),
      change(option.ID, { Desc: "Postponed." }),
      change(option.ID, { Capacity: 5000 }),
      change(option.ID, { SaleEndsAt: future }),
      change(option.ID, { MaxPerPurchase: 3 }),
      ...Array.from({ length: 5 }, () => purchase(option.ID, purchaseFields({ Quantity: 1 }))),
    ]);
    expect(responses.map(({ status }) => status)).toEqual(Array(10).fill(200));
    expect(await read(option)).toEqual({
      ...option,
      ...{ Name: "Derby", Desc: "Postponed.", Capacity: 5000, SaleEndsAt: future, MaxPerPurchase: 3 },
      ...{ Allocation: 4995, UpdatedAt: time },
    });
  });
});

describe("changing the sale window", () => {
  it("may end the sale in the past", async () => {
    const option = await createTicketOption();

    expect(await changeAndRead(option, { SaleEndsAt: past })).toEqual(
      changed({ ...option, SaleEndsAt: past, UpdatedAt: time }),
    );
  });

  it.each([
    { what: "a new end before the start", given: { SaleStartsAt: future }, fields: { SaleEndsAt: past } },
    { what: "a new end at the start", given: { SaleStartsAt: future }, fields: { SaleEndsAt: future } },
    { what: "a new start after the end", given: { SaleEndsAt: past }, fields: { SaleStartsAt: future } },
    { what: "both in the wrong order", given: {}, fields: { SaleStartsAt: future, SaleEndsAt: past } },
    {
      what: "a new end that is later as text only",
      given: { SaleStartsAt: "2101-01-01T00:00:00Z" },
      fields: { SaleEndsAt: "2101-01-01T02:00:00+03:00" },
    },
  ])("reports $what, and changes nothing", async ({ given, fields }) => {
    const option = await createTicketOption(given);

    expect(await refusedChange(option, { Name: "Derby", ...fields })).toEqual(invalid("#/SaleEndsAt"));
  });

  it("is checked as it is after the change", async () => {
    const option = await createTicketOption({ SaleStartsAt: future, SaleEndsAt: farFuture });
    const [before, after] = [{ SaleStartsAt: past }, { SaleEndsAt: "2001-01-01T00:00:00.000001Z" }];

    expect((await change(option.ID, { ...before, ...after })).status).toBe(200);
    expect((await change(option.ID, { SaleStartsAt: future, SaleEndsAt: null })).status).toBe(200);
    expect(await changeAndRead(option, { SaleStartsAt: null, ...after })).toEqual(
      changed({ ...withoutWindow(option), ...after, UpdatedAt: time }),
    );
  });
});

function withoutWindow({ SaleStartsAt: _, SaleEndsAt: __, ...option }: TicketOption) {
  return option;
}

describe("changing the capacity", () => {
  it.each([11, 5000, 2_147_483_647])(
    "to %d puts the additional tickets on sale at once",
    async (Capacity) => {
      const option = await createTicketOption({ Allocation: 10 });
      await sell(option, { Quantity: 4 });
      await hold(option, { Quantity: 3 });

      expect(await changeAndRead(option, { Capacity })).toEqual(
        changed({ ...option, Allocation: Capacity - 7, Held: 3, Capacity, UpdatedAt: time }),
      );
      await sell(option, { Quantity: 4 });
      expect((await read(option)).Allocation).toBe(Capacity - 11);
    },
  );

  it("puts a sold-out option on sale again, to the last ticket", async () => {
    const option = await createTicketOption({ Allocation: 2 });
    await sell(option, { Quantity: 2 });
    expect(await refusedPurchase(option, purchaseFields({ Quantity: 1 }))).toEqual(notEnough(1, 0));

    await change(option.ID, { Capacity: 5002 });
    await sell(option, { Quantity: 4999 });
    await sell(option, { Quantity: 1 });
    expect(await refusedPurchase(option, purchaseFields({ Quantity: 1 }))).toEqual(notEnough(1, 0));
  });

  it("down to what is sold and held takes away all that is left", async () => {
    const option = await createTicketOption({ Allocation: 5000 });
    await sell(option, { Quantity: 4 });
    await confirmed(await hold(option, { Quantity: 2 }));
    await hold(option, { Quantity: 3 });

    expect(await changeAndRead(option, { Capacity: 9 })).toEqual(
      changed({ ...option, Allocation: 0, Held: 3, Capacity: 9, UpdatedAt: time }),
    );
    expect(await refusedPurchase(option, purchaseFields({ Quantity: 1 }))).toEqual(notEnough(1, 0));
  });

  it.each([10, 5000])(
    "of %d below what is sold and held is refused, and changes nothing",
    async (Allocation) => {
      const option = await createTicketOption({ Allocation });
      await sell(option, { Quantity: 4 });
      await hold(option, { Quantity: 3 });

      for (const Capacity of [6, 1, 0])
        expect(await refusedChange(option, { Capacity, Name: "Derby", SaleEndsAt: past })).toEqual(
          capacityInUse(7),
        );
    },
  );

  it("to 0 takes all tickets off sale, and back puts them on sale again", async () => {
    const option = await createTicketOption({ Allocation: 5000 });

    expect(await changeAndRead(option, { Capacity: 0 })).toEqual(
      changed({ ...option, Allocation: 0, Capacity: 0, UpdatedAt: time }),
    );
    expect(await changeAndRead(option, { Capacity: 5000 })).toEqual(changed({ ...option, UpdatedAt: time }));
    await sell(option, { Quantity: 5000 });
  });

  it("returns lapsed holds if it takes away their tickets", async () => {
    const option = await createTicketOption({ Allocation: 10 });
    const lapsed = await holdThatLapsed(option, { Quantity: 4 });
    await hold(option, { Quantity: 2 });

    expect(await changeAndRead(option, { Capacity: 3 })).toEqual(
      changed({ ...option, Allocation: 1, Held: 2, Capacity: 3, UpdatedAt: time }),
    );
    expect(await getPurchase(lapsed)).toEqual(shown(cancelledPurchase(lapsed)));
    expect(await refusedChange(option, { Capacity: 1 })).toEqual(capacityInUse(2));
  });

  it("leaves lapsed holds as they are if enough other tickets are left, or if it is refused", async () => {
    const option = await createTicketOption({ Allocation: 10 });
    const lapsed = await holdThatLapsed(option, { Quantity: 4 });
    await sell(option, { Quantity: 2 });

    expect(await refusedChange(option, { Capacity: 1 })).toEqual(capacityInUse(2));
    expect(await changeAndRead(option, { Capacity: 6 })).toEqual(
      changed({ ...option, Allocation: 4, Capacity: 6, UpdatedAt: time }),
    );
    expect(await getPurchase(lapsed)).toEqual(shown(lapsed));
  });

  it("is reported as invalid before it is refused as in use", async () => {
    const option = await createTicketOption({ Allocation: 2 });
    await sell(option, { Quantity: 2 });

    expect(await refusedChange(option, { Capacity: 1, MaxPerUser: 1 })).toEqual(invalid("#/MaxPerUser"));
    expect(await refusedChange(option, { Capacity: 1, SaleStartsAt: future, SaleEndsAt: past })).toEqual(
      invalid("#/SaleEndsAt"),
    );
  });
});

describe("an invalid change", () => {
  it.each([
    { field: "Name", values: [null, "", " ", 5, ["Derby"], "n".repeat(256), "\u0000", "\ufffd"] },
    { field: "Desc", values: [5, {}, "d".repeat(10_001), "\u0000"] },
    { field: "Capacity", values: [null, -1, 1.5, "10", 2 ** 31, true, [10]] },
    { field: "Allocation", values: [null, 10, 11, "10", {}] },
    { field: "SaleStartsAt", values: ["", "2022-01-06", "now", 5, true, {}] },
    { field: "SaleEndsAt", values: ["", "2022-01-06T10:00:00", "9999-12-31T23:59:59-00:01", 5] },
    { field: "MaxPerPurchase", values: [0, -1, 10_001, 1.5, "5"] },
    { field: "MaxPerUser", values: [null, 0, -1, 2 ** 31, 1.5, "5"] },
  ])("is reported for each wrong $field, and changes nothing", async ({ field, values }) => {
    const option = await createTicketOption(rules);

    for (const value of values)
      expect(await refusedChange(option, { [field]: value }), `${value}`).toEqual(invalid(`#/${field}`));
  });

  it("is reported with every wrong field at once", async () => {
    const option = await createTicketOption(rules);
    const wrong = { Name: null, Desc: 5, Allocation: 1, Capacity: -1, SaleStartsAt: "", SaleEndsAt: 5 };

    expect(await refusedChange(option, { ...wrong, MaxPerPurchase: 0, MaxPerUser: null })).toEqual(
      invalid(
        ...["#/Name", "#/Desc", "#/Allocation", "#/Capacity"],
        ...["#/SaleStartsAt", "#/SaleEndsAt", "#/MaxPerPurchase", "#/MaxPerUser"],
      ),
    );
  });

  it("is reported if MaxPerUser was not set at creation, together with a wrong window", async () => {
    const option = await createTicketOption();

    expect(await refusedChange(option, { MaxPerUser: 2_147_483_647 })).toEqual(invalid("#/MaxPerUser"));
    expect(await refusedChange(option, { MaxPerUser: 5, SaleStartsAt: future, SaleEndsAt: past })).toEqual(
      invalid("#/SaleEndsAt", "#/MaxPerUser"),
    );
  });

  it("is reported for a key that is given twice", async () => {
    const option = await createTicketOption(rules);

    expect(await refusedChange(option, { Name: "Derby", name: "Derby" })).toEqual(invalid("#/Name"));
    expect(await refusedChange(option, '{"SaleEndsAt":null,"SaleEndsAt":null}')).toEqual(
      invalid("#/SaleEndsAt"),
    );
  });

  it("is reported with another charset, together with every wrong field", async () => {
    const option = await createTicketOption(rules);
    const headers = { "Content-Type": "application/merge-patch+json; charset=iso-8859-9" };

    expect(await refusedChange(option, '{"Name":"Derby"}', headers)).toEqual(invalid("Content-Type"));
    expect(await refusedChange(option, '{"Name":null}', headers)).toEqual(invalid("#/Name", "Content-Type"));
  });
});

describe("changing an option that does not exist", () => {
  it.each(["derby", unknownId.slice(1), `%7B${unknownId}%7D`, `${unknownId}%0A`])(
    "gets 404 for the malformed id %s, whatever the body",
    async (id) => {
      for (const body of ["{}", "tickets", '{"Name":null}', "x".repeat(100_001)])
        expect(await change(id, body)).toEqual(notFound());
    },
  );

  it("gets 404 for an unknown id before the rules that the option would break, but not before an invalid body", async () => {
    const window = { SaleStartsAt: future, SaleEndsAt: past };

    expect(await change(unknownId, {})).toEqual(notFound());
    expect(await change(unknownId, { ...window, MaxPerUser: 1, Capacity: 0 })).toEqual(notFound());
    expect(await change(unknownId, { Name: null })).toEqual(invalid("#/Name"));
  });
});

it("a change does not create an option, and PUT does not change one", async () => {
  const option = await createTicketOption();
  const put = { method: "PUT", path: `/ticket_options/${option.ID}`, body: '{"Name":"Derby"}' };

  expect(
    await sendRequest(put).then(
      ({ status }) => status,
      () => 404, // no handler serves it
    ),
  ).toBe(404);
  expect(await get(option.ID)).toEqual(gotten(option));
});
