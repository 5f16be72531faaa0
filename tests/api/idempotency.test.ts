import { randomUUID } from "node:crypto";
import { v7 as uuidv7 } from "uuid";
import { describe, expect, it } from "vitest";
import { differingInOneField } from "../support/fields.ts";
import { type Answer, create, get, purchase, request } from "./client.ts";
import { created, gotten, invalid, keyReused, notEnough, notFound, purchased, replayed } from "./expected.ts";
import {
  anyUser,
  createTicketOption,
  keyed,
  newKey,
  optionFields,
  purchaseFields,
  purchaseInVain,
  read,
  sell,
  type TicketOption,
  unknownId,
} from "./given.ts";
import { posts, send } from "./posts.ts";

/** One of them is that, and all the others are the same again. */
function expectOnce(answers: Answer[], answer: Answer): void {
  const [first, ...more] = answers.filter(({ headers }) => headers["idempotent-replayed"] === undefined);
  expect(first).toEqual(answer);
  expect(more).toEqual([]);
  const others = answers.filter((one) => one !== first);
  expect(others).toEqual(others.map(() => replayed(first as Answer)));
}

const idOf = (answer: Answer) => (answer.body as { ID: string }).ID;

describe.each(posts)("repeating a $post with its key", ({ begin }) => {
  it("answers what it answered at first, says so, and does nothing", async () => {
    const { wanted, answer, look } = await begin();
    const key = newKey();

    const first = await send(wanted, key);
    expect(first).toEqual(answer);
    const after = await look();
    expect(await send(wanted, key)).toEqual(replayed(first));
    expect(await send(wanted, key)).toEqual(replayed(first));
    expect(await look()).toEqual(after);
  });

  it("answers the same bytes", async () => {
    const { wanted } = await begin();
    const headers = keyed(newKey());

    const { body } = await request({ ...wanted, headers });
    expect((await request({ ...wanted, headers })).body).toBe(body);
  });

  it("is carried out once when it comes fifty times at once", async () => {
    const { wanted, answer } = await begin();
    const key = newKey();

    const answers = await Promise.all(Array.from({ length: 50 }, () => send(wanted, key)));
    expectOnce(answers, answer);
  });

  it("is refused when another request has the key, and changes nothing", async () => {
    const { wanted, other, look } = await begin();
    const key = newKey();
    const first = await send(wanted, key);
    const after = await look();

    expect(await send(other, key)).toEqual(keyReused());
    expect(await look()).toEqual(after);
    expect(await send(wanted, key)).toEqual(replayed(first));
  });

  it("is refused to one of two requests that come with the key at once", async () => {
    for (let turn = 1; turn <= 10; turn++) {
      const { wanted, answer, other, otherAnswer } = await begin();
      const key = newKey();

      const answers = await Promise.all([send(wanted, key), send(other, key)]);
      const isFirst = answers[0].status === 200;
      expect(answers).toEqual(isFirst ? [answer, keyReused()] : [keyReused(), otherAnswer]);
    }
  });

  it("knows nothing of a request that was not valid", async () => {
    const { wanted, answer } = await begin();
    const key = newKey();

    expect((await send({ ...wanted, body: "{}" }, key)).status).toBe(400);
    expect(await send(wanted, key)).toEqual(answer);
  });
});

// Those that the service issues itself are tested where responses can be lost: tests/lib/issued-keys.test.ts.
describe.each(posts)("a $post with a key of the form that the service issues", ({ begin }) => {
  it.each([
    () => `request-${uuidv7()}`,
    () => `request-${randomUUID()}`,
    () => `REQUEST-${randomUUID().toUpperCase()}`,
    () => `request-${uuidv7()}-${"A".repeat(43)}`,
    () => `request-${uuidv7()}-order-1`,
  ])("is rejected if it was not issued for it, and changes nothing: %s", async (key) => {
    const { wanted, look } = await begin();
    const before = await look();

    expect(await send(wanted, key())).toEqual(invalid("Idempotency-Key"));
    expect(await look()).toEqual(before);
  });

  it("is not taken for one if it only begins alike", async () => {
    const { wanted, answer } = await begin();
    const key = `request-${newKey().slice(1)}`;

    const first = await send(wanted, key);
    expect(first).toEqual(answer);
    expect(await send(wanted, key)).toEqual(replayed(first));
  });
});

describe("the key of a purchase", () => {
  it("answers the sale also when nothing is left", async () => {
    const option = await createTicketOption({ Allocation: 5 });
    const headers = keyed(newKey());
    const first = await purchase(option.ID, purchaseFields({ Quantity: 2 }), headers);
    await sell(option, { Quantity: 3 });

    expect(await purchaseInVain(option, purchaseFields({ Quantity: 2 }), headers)).toEqual(replayed(first));
    expect(await purchaseInVain(option, purchaseFields({ Quantity: 2 }), keyed(newKey()))).toEqual(
      notEnough(2, 0),
    );
  });

  it("answers the sale also after many others", async () => {
    const option = await createTicketOption({ Allocation: 100 });
    const headers = keyed(newKey());
    const first = await purchase(option.ID, purchaseFields({ Quantity: 10 }), headers);
    for (let sale = 1; sale <= 20; sale++) await sell(option, { Quantity: 1 });

    expect(await purchaseInVain(option, purchaseFields({ Quantity: 10 }), headers)).toEqual(replayed(first));
  });

  it("knows a request again in other letters", async () => {
    const option = await createTicketOption();
    const headers = keyed(newKey());
    const first = await purchase(option.ID, { Quantity: 2, UserID: anyUser }, headers);

    for (const body of [
      { quantity: 2, user_id: anyUser.toUpperCase() },
      `{"Unknown": "Kadikoy", "UserID": "${anyUser}", "Quantity": 2.0}`,
    ])
      expect(await purchaseInVain({ ...option, ID: option.ID.toUpperCase() }, body, headers)).toEqual(
        replayed(first),
      );
  });

  it("belongs to its user: that of another is another", async () => {
    const option = await createTicketOption({ Allocation: 10 });
    const headers = keyed(newKey());

    for (const UserID of [randomUUID(), randomUUID()])
      expect(await purchase(option.ID, { Quantity: 2, UserID }, headers)).toEqual(
        purchased({ TicketOptionID: option.ID, Quantity: 2, UserID }),
      );
    expect((await read(option)).Allocation).toBe(6);
  });

  it("is another than the same one of a creation", async () => {
    const headers = keyed(newKey());
    const option = (await create(optionFields(), headers)).body as TicketOption;

    expect(await purchase(option.ID, purchaseFields(), headers)).toEqual(
      purchased({ TicketOptionID: option.ID, ...purchaseFields() }),
    );
  });

  it.each([1, 3, 11, 10_001, 2_147_483_647])("is not good for another quantity: %d", async (Quantity) => {
    const option = await createTicketOption({ Allocation: 10 });
    const headers = keyed(newKey());
    await purchase(option.ID, purchaseFields({ Quantity: 2 }), headers);

    expect(await purchaseInVain(option, purchaseFields({ Quantity }), headers)).toEqual(keyReused());
  });

  it("is rejected for a purchase that differs in any one documented field, apart from the user", async () => {
    const order = purchaseFields();
    for (const { field, value, fields: others } of differingInOneField("Order", order)) {
      if (field === "UserID") continue; // another user's key is another key: above
      for (const [one, other] of [
        [order, others],
        [others, order],
      ]) {
        const option = await createTicketOption();
        const headers = keyed(newKey());
        expect((await purchase(option.ID, one, headers)).status).toBe(200);

        const refusal = await purchaseInVain(option, other, headers);
        expect(refusal, `another ${field}: ${value}`).toEqual(keyReused());
      }
    }
  });

  it("is not good for another option", async () => {
    const option = await createTicketOption();
    const other = await createTicketOption();
    const headers = keyed(newKey());
    await purchase(option.ID, purchaseFields(), headers);

    expect(await purchaseInVain(other, purchaseFields(), headers)).toEqual(keyReused());
  });

  it("sells to one of many orders that come with it at once", async () => {
    const option = await createTicketOption({ Allocation: 100 });
    const headers = keyed(newKey());
    const order = (Quantity: number) => purchaseFields({ Quantity });
    const quantities = Array.from({ length: 10 }, (_, index) => index + 1);

    const answers = await Promise.all(
      quantities.map((quantity) => purchase(option.ID, order(quantity), headers)),
    );
    const [sold = 0, ...more] = quantities.filter((_, index) => answers[index]?.status === 200);
    expect({ more, refused: answers.filter(({ status }) => status !== 200) }).toEqual({
      more: [],
      refused: Array(9).fill(keyReused()),
    });
    expect((await read(option)).Allocation).toBe(100 - sold);
  });

  it("does not keep a refusal for lack of tickets, and is then good for a smaller order", async () => {
    const option = await createTicketOption({ Allocation: 3 });
    const headers = keyed(newKey());

    expect(await purchaseInVain(option, purchaseFields({ Quantity: 4 }), headers)).toEqual(notEnough(4, 3));
    expect(await purchaseInVain(option, purchaseFields({ Quantity: 4 }), headers)).toEqual(notEnough(4, 3));
    const first = await purchase(option.ID, purchaseFields({ Quantity: 3 }), headers);
    expect(first).toEqual(purchased({ TicketOptionID: option.ID, UserID: anyUser, Quantity: 3 }));
    expect(await purchaseInVain(option, purchaseFields({ Quantity: 3 }), headers)).toEqual(replayed(first));
    expect(await purchaseInVain(option, purchaseFields({ Quantity: 4 }), headers)).toEqual(keyReused());
  });

  it("does not keep a refusal for being beyond the limit of one purchase", async () => {
    const option = await createTicketOption({ Allocation: 20_000 });
    const headers = keyed(newKey());

    expect(await purchaseInVain(option, purchaseFields({ Quantity: 10_001 }), headers)).toEqual(
      invalid("#/Quantity"),
    );
    expect(await purchase(option.ID, purchaseFields(), headers)).toEqual(
      purchased({ TicketOptionID: option.ID, ...purchaseFields() }),
    );
  });

  it("does not keep that there was no such option", async () => {
    const option = await createTicketOption();
    const headers = keyed(newKey());

    expect(await purchase(unknownId, purchaseFields(), headers)).toEqual(notFound());
    expect(await purchase(option.ID, purchaseFields(), headers)).toEqual(
      purchased({ TicketOptionID: option.ID, ...purchaseFields() }),
    );
  });
});

describe("the key of a creation", () => {
  it("answers what was created, whatever has been sold since", async () => {
    const headers = keyed(newKey());
    const first = await create(optionFields({ Allocation: 10 }), headers);
    const option = first.body as TicketOption;
    await sell(option, { Quantity: 4 });

    expect(await create(optionFields({ Allocation: 10 }), headers)).toEqual(replayed(first));
    const { UpdatedAt: _, ...untouched } = option;
    expect(await get(option.ID)).toEqual(gotten({ ...untouched, Allocation: 6 }));
  });

  it("knows a request again in other letters", async () => {
    const headers = keyed(newKey());
    const first = await create({ Name: "Derby", Allocation: 10 }, headers);
    expect(first).toEqual(created({ Name: "Derby", Desc: "", Allocation: 10 }));

    for (const body of [
      '{"name": "Derby", "allocation": 1e1}',
      '{"Desc": "", "NAME": "Derby", "_Allocation": 10.0}',
    ])
      expect(await create(body, headers)).toEqual(replayed(first));
  });

  it("is rejected for an option that differs in any one documented field", async () => {
    const fields = optionFields();
    for (const { field, value, fields: others } of differingInOneField("NewTicketOption", fields))
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
