import { randomUUID } from "node:crypto";
import { v7 as uuidv7 } from "uuid";
import { describe, expect, it } from "vitest";
import { differingInOneField } from "../support/fields.ts";
import { type ContractResponse, change, create, get, purchase, request } from "./client.ts";
import {
  created,
  gotten,
  invalid,
  keyReused,
  notEnough,
  notFound,
  purchased,
  replayed,
  time,
} from "./expected.ts";
import {
  anyUser,
  createTicketOption,
  hold,
  keyed,
  newKey,
  optionFields,
  purchaseFields,
  read,
  refusedPurchase,
  sell,
  type TicketOption,
  unknownId,
} from "./given.ts";
import { posts, sendWithKey } from "./posts.ts";

/** Checks that exactly one response is the expected first one and that all others replay it. */
function expectOnce(responses: ContractResponse[], expected: ContractResponse): void {
  const [first, ...more] = responses.filter(({ headers }) => headers["idempotent-replayed"] === undefined);
  expect(first).toEqual(expected);
  expect(more).toEqual([]);
  const others = responses.filter((one) => one !== first);
  expect(others).toEqual(others.map(() => replayed(first as ContractResponse)));
}

const rules = {
  SaleStartsAt: "2022-01-05T17:41:08.039342Z",
  SaleEndsAt: "2122-01-05T17:41:08.039342Z",
  MaxPerPurchase: 5,
  MaxPerUser: 8,
};

const idOf = (response: ContractResponse) => (response.body as { ID: string }).ID;

describe.each(posts)("retrying a $post with its Idempotency-Key", ({ begin }) => {
  it("replays the first response, marks it as replayed and changes nothing", async () => {
    const { post, expected, readState } = await begin();
    const key = newKey();

    const first = await sendWithKey(post, key);
    expect(first).toEqual(expected);
    const after = await readState();
    expect(await sendWithKey(post, key)).toEqual(replayed(first));
    expect(await sendWithKey(post, key)).toEqual(replayed(first));
    expect(await readState()).toEqual(after);
  });

  it("replays the same bytes", async () => {
    const { post } = await begin();
    const headers = keyed(newKey());

    const { body } = await request({ ...post, headers });
    expect((await request({ ...post, headers })).body).toBe(body);
  });

  it("runs once when 50 copies are sent concurrently", async () => {
    const { post, expected } = await begin();
    const key = newKey();

    const responses = await Promise.all(Array.from({ length: 50 }, () => sendWithKey(post, key)));
    expectOnce(responses, expected);
  });

  it("rejects another request with the same key and changes nothing", async () => {
    const { post, otherPost, readState } = await begin();
    const key = newKey();
    const first = await sendWithKey(post, key);
    const after = await readState();

    expect(await sendWithKey(otherPost, key)).toEqual(keyReused());
    expect(await readState()).toEqual(after);
    expect(await sendWithKey(post, key)).toEqual(replayed(first));
  });

  it("rejects one of two different requests that are sent concurrently with the same key", async () => {
    for (let round = 1; round <= 10; round++) {
      const { post, expected, otherPost, otherExpected } = await begin();
      const key = newKey();

      const responses = await Promise.all([sendWithKey(post, key), sendWithKey(otherPost, key)]);
      const isFirst = responses[0].status === 200;
      expect(responses).toEqual(isFirst ? [expected, keyReused()] : [keyReused(), otherExpected]);
    }
  });

  it("accepts a key that was first sent with an invalid request", async () => {
    const { post, expected } = await begin();
    const key = newKey();

    expect((await sendWithKey({ ...post, body: "{}" }, key)).status).toBe(400);
    expect(await sendWithKey(post, key)).toEqual(expected);
  });
});

// Keys that the service issues are tested in tests/lib/issued-keys.test.ts, where responses can be lost.
describe.each(posts)("a $post with an Idempotency-Key in the form of the service's own keys", ({ begin }) => {
  it.each([
    () => `request-${uuidv7()}`,
    () => `request-${randomUUID()}`,
    () => `REQUEST-${randomUUID().toUpperCase()}`,
    () => `request-${uuidv7()}-${"A".repeat(43)}`,
    () => `request-${uuidv7()}-order-1`,
  ])("is rejected if the service did not issue the key for it, and changes nothing: %s", async (key) => {
    const { post, readState } = await begin();
    const before = await readState();

    expect(await sendWithKey(post, key())).toEqual(invalid("Idempotency-Key"));
    expect(await readState()).toEqual(before);
  });

  it("is accepted if the key only shares the prefix of that form", async () => {
    const { post, expected } = await begin();
    const key = `request-${newKey().slice(1)}`;

    const first = await sendWithKey(post, key);
    expect(first).toEqual(expected);
    expect(await sendWithKey(post, key)).toEqual(replayed(first));
  });
});

describe("the Idempotency-Key of a purchase", () => {
  it("replays the sale after the option is sold out", async () => {
    const option = await createTicketOption({ Allocation: 5 });
    const headers = keyed(newKey());
    const first = await purchase(option.ID, purchaseFields({ Quantity: 2 }), headers);
    await sell(option, { Quantity: 3 });

    expect(await refusedPurchase(option, purchaseFields({ Quantity: 2 }), headers)).toEqual(replayed(first));
    expect(await refusedPurchase(option, purchaseFields({ Quantity: 2 }), keyed(newKey()))).toEqual(
      notEnough(2, 0),
    );
  });

  it("replays the sale after many other sales", async () => {
    const option = await createTicketOption({ Allocation: 100 });
    const headers = keyed(newKey());
    const first = await purchase(option.ID, purchaseFields({ Quantity: 10 }), headers);
    for (let sale = 1; sale <= 20; sale++) await sell(option, { Quantity: 1 });

    expect(await refusedPurchase(option, purchaseFields({ Quantity: 10 }), headers)).toEqual(replayed(first));
  });

  it("replays the response to an equivalent request in another spelling", async () => {
    const option = await createTicketOption();
    const headers = keyed(newKey());
    const first = await purchase(option.ID, { Quantity: 2, UserID: anyUser }, headers);

    for (const body of [
      { quantity: 2, user_id: anyUser.toUpperCase() },
      `{"Unknown": "Kadikoy", "UserID": "${anyUser}", "Quantity": 2.0}`,
    ])
      expect(await refusedPurchase({ ...option, ID: option.ID.toUpperCase() }, body, headers)).toEqual(
        replayed(first),
      );
  });

  it("is scoped to the user: two users may use the same key", async () => {
    const option = await createTicketOption({ Allocation: 10 });
    const headers = keyed(newKey());

    for (const UserID of [randomUUID(), randomUUID()])
      expect(await purchase(option.ID, { Quantity: 2, UserID }, headers)).toEqual(
        purchased({ TicketOptionID: option.ID, Quantity: 2, UserID }),
      );
    expect((await read(option)).Allocation).toBe(6);
  });

  it("is independent of the same key of a creation", async () => {
    const headers = keyed(newKey());
    const option = (await create(optionFields(), headers)).body as TicketOption;

    expect(await purchase(option.ID, purchaseFields(), headers)).toEqual(
      purchased({ TicketOptionID: option.ID, ...purchaseFields() }),
    );
  });

  it.each([1, 3, 11, 10_001, 2_147_483_647])("is rejected with another quantity: %d", async (Quantity) => {
    const option = await createTicketOption({ Allocation: 10 });
    const headers = keyed(newKey());
    await purchase(option.ID, purchaseFields({ Quantity: 2 }), headers);

    expect(await refusedPurchase(option, purchaseFields({ Quantity }), headers)).toEqual(keyReused());
  });

  it("is rejected for a purchase that differs in any documented field except the user", async () => {
    const order = purchaseFields({ HoldSeconds: 600 });
    for (const { field, value, fields: others } of differingInOneField("Order", order)) {
      if (field === "UserID") continue; // keys are scoped to the user (tested above)
      if (field === "HoldSeconds" && value === 1) continue; // the hold would lapse during the test
      for (const [one, other] of [
        [order, others],
        [others, order],
      ]) {
        const option = await createTicketOption();
        const headers = keyed(newKey());
        expect((await purchase(option.ID, one, headers)).status).toBe(200);

        const refusal = await refusedPurchase(option, other, headers);
        expect(refusal, `another ${field}: ${value}`).toEqual(keyReused());
      }
    }
  });

  it("is rejected with another option", async () => {
    const option = await createTicketOption();
    const other = await createTicketOption();
    const headers = keyed(newKey());
    await purchase(option.ID, purchaseFields(), headers);

    expect(await refusedPurchase(other, purchaseFields(), headers)).toEqual(keyReused());
  });

  it("sells to exactly one of many different orders that are sent with it concurrently", async () => {
    const option = await createTicketOption({ Allocation: 100 });
    const headers = keyed(newKey());
    const order = (Quantity: number) => purchaseFields({ Quantity });
    const quantities = Array.from({ length: 10 }, (_, index) => index + 1);

    const responses = await Promise.all(
      quantities.map((quantity) => purchase(option.ID, order(quantity), headers)),
    );
    const [sold = 0, ...more] = quantities.filter((_, index) => responses[index]?.status === 200);
    expect({ more, refused: responses.filter(({ status }) => status !== 200) }).toEqual({
      more: [],
      refused: Array(9).fill(keyReused()),
    });
    expect((await read(option)).Allocation).toBe(100 - sold);
  });

  it("may be used for a smaller order after a refusal for too few tickets", async () => {
    const option = await createTicketOption({ Allocation: 3 });
    const headers = keyed(newKey());

    expect(await refusedPurchase(option, purchaseFields({ Quantity: 4 }), headers)).toEqual(notEnough(4, 3));
    expect(await refusedPurchase(option, purchaseFields({ Quantity: 4 }), headers)).toEqual(notEnough(4, 3));
    const first = await purchase(option.ID, purchaseFields({ Quantity: 3 }), headers);
    expect(first).toEqual(purchased({ TicketOptionID: option.ID, UserID: anyUser, Quantity: 3 }));
    expect(await refusedPurchase(option, purchaseFields({ Quantity: 3 }), headers)).toEqual(replayed(first));
    expect(await refusedPurchase(option, purchaseFields({ Quantity: 4 }), headers)).toEqual(keyReused());
  });

  it("may be used after a refusal for a quantity above the limit of one purchase", async () => {
    const option = await createTicketOption({ Allocation: 20_000 });
    const headers = keyed(newKey());

    expect(await refusedPurchase(option, purchaseFields({ Quantity: 10_001 }), headers)).toEqual(
      invalid("#/Quantity"),
    );
    expect(await purchase(option.ID, purchaseFields(), headers)).toEqual(
      purchased({ TicketOptionID: option.ID, ...purchaseFields() }),
    );
  });

  it("may be used after a 404 for an unknown option", async () => {
    const option = await createTicketOption();
    const headers = keyed(newKey());

    expect(await purchase(unknownId, purchaseFields(), headers)).toEqual(notFound());
    expect(await purchase(option.ID, purchaseFields(), headers)).toEqual(
      purchased({ TicketOptionID: option.ID, ...purchaseFields() }),
    );
  });
});

describe("the Idempotency-Key of a creation", () => {
  it("replays the option as it is now, after sales and holds", async () => {
    const headers = keyed(newKey());
    const first = await create(optionFields({ Allocation: 10 }), headers);
    const option = first.body as TicketOption;
    await sell(option, { Quantity: 4 });
    await hold(option, { Quantity: 1 });

    const now = await read(option);
    expect(now).toEqual({ ...option, Allocation: 5, Held: 1, UpdatedAt: time });
    expect(await create(optionFields({ Allocation: 10 }), headers)).toEqual(
      replayed({ ...first, body: now }),
    );
    expect(await get(option.ID)).toEqual(gotten(now));
  });

  it("replays the option as it is now, after every field was changed", async () => {
    const fields = optionFields({ ...rules, Allocation: 10 });
    const headers = keyed(newKey());
    const first = await create(fields, headers);
    const changes = {
      Name: "Derby",
      Desc: "",
      Capacity: 20,
      SaleStartsAt: "2001-01-01T00:00:00.000000Z",
      SaleEndsAt: "2101-01-01T00:00:00.000000Z",
      MaxPerPurchase: 2,
      MaxPerUser: 3,
    };
    await change(idOf(first), changes);

    expect(await create(fields, headers)).toEqual(
      replayed({ ...created({ ...changes, ID: idOf(first), Allocation: 20 }), headers: first.headers }),
    );
    const asItIsNow = { ...fields, ...changes, Capacity: undefined, Allocation: 20 };
    expect(await create(asItIsNow, headers)).toEqual(keyReused());
  });

  it("replays the response to a request with the same times in another spelling", async () => {
    const headers = keyed(newKey());
    const first = await create(optionFields({ SaleStartsAt: "2022-01-06T10:00:00+03:00" }), headers);

    for (const SaleStartsAt of ["2022-01-06T07:00:00Z", "2022-01-06t04:00:00.000-03:00"])
      expect(await create(optionFields({ SaleStartsAt }), headers)).toEqual(replayed(first));
  });

  it("replays the response to an equivalent request in another spelling", async () => {
    const headers = keyed(newKey());
    const first = await create({ Name: "Derby", Allocation: 10 }, headers);
    expect(first).toEqual(created({ Name: "Derby", Desc: "", Allocation: 10 }));

    for (const body of [
      '{"name": "Derby", "allocation": 1e1}',
      '{"Desc": "", "NAME": "Derby", "_Allocation": 10.0}',
    ])
      expect(await create(body, headers)).toEqual(replayed(first));
  });

  it("is rejected for an option that differs in any documented field", async () => {
    const differences = [optionFields(), optionFields(rules)].flatMap((fields) =>
      differingInOneField("NewTicketOption", fields).map(({ fields: others, ...difference }) => ({
        ...difference,
        fields,
        others,
      })),
    );
    for (const { field, value, fields, others } of differences)
      for (const [one, other] of [
        [fields, others],
        [others, fields],
      ]) {
        const headers = keyed(newKey());
        const first = await create(one, headers);

        expect(await create(other, headers), `another ${field}: ${value}`).toEqual(keyReused());
        expect(await get(idOf(first))).toEqual(gotten({ ...(first.body as TicketOption) }));
      }
  });
});
