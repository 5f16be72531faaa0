import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { listPurchases } from "./client.ts";
import { hasClock, holdThatLapsed, pass } from "./clock.ts";
import { cancelledPurchase, confirmedPurchase, invalid, notFound, shown } from "./expected.ts";
import {
  cancelled,
  confirmed,
  createTicketOption,
  hold,
  listed,
  type Purchase,
  type PurchaseList,
  readPurchase,
  sell,
  unknownId,
} from "./given.ts";

const cursor = expect.stringMatching(/^[\w-]+$/);

/** The parts of a cursor: a transaction, a purchase and a check. Clients must not rely on them. */
const partsOf = (next: string) => Buffer.from(next, "base64url").toString().split(" ");
const cursorOf = (...parts: string[]) => Buffer.from(parts.join(" ")).toString("base64url");

describe("listing the purchases of an option", () => {
  it("is empty without purchases, and has a Next to go on with", async () => {
    const option = await createTicketOption();

    const response = await listPurchases(option.ID);
    expect(response).toEqual(shown({ Purchases: [], Next: cursor }));
    const { Next } = response.body as PurchaseList;
    expect(await listPurchases(option.ID, { After: Next })).toEqual(shown({ Purchases: [], Next }));
    const one = await sell(option);
    expect((await listed(option, 1, { After: Next })).Purchases).toEqual([one]);
  });

  it("shows every state, in the order of the last change", async () => {
    const option = await createTicketOption({ Allocation: 20 });
    const first = await sell(option, { Quantity: 1 });
    const [held, later] = [await hold(option), await hold(option)];
    const sold = await sell(option, { Quantity: 3 });
    const confirmedLater = await confirmed(later);
    const voided = await cancelled(first);

    await expect
      .poll(async () => (await listed(option, 4)).Purchases, { timeout: 20_000 })
      .toEqual([held, sold, confirmedLater, voided]);
    expect(confirmedLater).toEqual(confirmedPurchase(later));
    expect(voided).toEqual(cancelledPurchase(first));
  });

  it("shows only its own purchases", async () => {
    const [option, another] = [await createTicketOption(), await createTicketOption()];
    await sell(another);
    const one = await sell(option);

    expect((await listed(option, 1)).Purchases).toEqual([one]);
  });

  it("goes on after Next, in pages of the wanted size, and shows each purchase once", async () => {
    const option = await createTicketOption({ Allocation: 20 });
    const all = [];
    for (let count = 1; count <= 7; count++) all.push(await sell(option, { Quantity: 1 }));
    const { Next: end } = await listed(option, 7);

    for (const limit of [1, 2, 3, 7, 8]) {
      const seen = [];
      let next: string | undefined;
      for (;;) {
        const query = { Limit: limit, ...(next !== undefined && { After: next }) };
        const page = (await listPurchases(option.ID, query)).body as PurchaseList;
        if (page.Purchases.length === 0) break;
        expect(page.Purchases).toEqual(all.slice(seen.length, seen.length + limit));
        seen.push(...page.Purchases);
        next = page.Next;
      }
      expect(seen).toEqual(all);
      expect(next).toBe(end);
    }
    expect(await listPurchases(option.ID, { After: end })).toEqual(shown({ Purchases: [], Next: end }));
    expect(await listPurchases(option.ID, { After: end, Limit: 1 })).toEqual(
      shown({ Purchases: [], Next: end }),
    );
  });

  it("shows a purchase again after each of its changes, in its newest state", async () => {
    const option = await createTicketOption();
    const [one, other] = [await hold(option), await hold(option)];
    const { Next: start } = await listed(option, 2);

    const sold = await confirmed(one);
    const first = await listed(option, 1, { After: start });
    expect(first.Purchases).toEqual([sold]);
    await confirmed(one); // it is no change to confirm it again
    const gone = await cancelled(other);
    const second = await listed(option, 1, { After: first.Next });
    expect(second.Purchases).toEqual([gone]);
    const voided = await cancelled(one);
    const third = await listed(option, 1, { After: second.Next });
    expect(third.Purchases).toEqual([voided]);
    // A late reader sees the newest states only.
    expect((await listed(option, 2, { After: start })).Purchases).toEqual([gone, voided]);
    expect((await listed(option, 2)).Purchases).toEqual([gone, voided]);
    expect(await listPurchases(option.ID, { After: third.Next })).toEqual(
      shown({ Purchases: [], Next: third.Next }),
    );
  });

  it("shows a hold that lapsed in its place, and again after its tickets have gone to somebody else", async () => {
    const option = await createTicketOption({ Allocation: 2 });
    const lapsed = await holdThatLapsed(option);
    const { Purchases, Next } = await listed(option, 1);
    expect(Purchases).toEqual([lapsed]);

    const sold = await sell(option);
    const after = await listed(option, 2, { After: Next });
    expect(after.Purchases).toEqual([await readPurchase(lapsed), sold]);
    expect(after.Purchases[0]).toEqual(cancelledPurchase(lapsed));
  });

  it.skipIf(!hasClock)("shows that several holds went back together", async () => {
    const option = await createTicketOption({ Allocation: 6 });
    const holds = [await hold(option), await hold(option), await hold(option)];
    await pass(600, option.ID);
    const { Next } = await listed(option, 3);

    const sold = await sell(option, { Quantity: 5 });
    const { Purchases } = await listed(option, 4, { After: Next });
    expect(Purchases.at(-1)).toEqual(sold);
    expect(Purchases.slice(0, 3).map(({ ID }) => ID)).toEqual(holds.map(({ ID }) => ID).toSorted());
    expect(new Set(Purchases.slice(0, 3).map(({ Status }) => Status))).toEqual(new Set(["cancelled"]));
  });

  it("shows the purchases of one user, whatever the letter case of the id", async () => {
    const option = await createTicketOption({ Allocation: 20 });
    const [user, another] = [randomUUID(), randomUUID()];
    const mine = [await sell(option, { UserID: user }), await hold(option, { UserID: user })];
    await sell(option, { UserID: another });
    await listed(option, 3);

    for (const UserID of [user, user.toUpperCase()]) {
      const { Purchases, Next } = await listed(option, 2, { UserID });
      expect(Purchases).toEqual(mine);
      expect(await listPurchases(option.ID, { UserID: user, After: Next })).toEqual(
        shown({ Purchases: [], Next }),
      );
    }
    const first = (await listPurchases(option.ID, { UserID: user, Limit: 1 })).body as PurchaseList;
    expect(first.Purchases).toEqual(mine.slice(0, 1));
    expect((await listed(option, 1, { UserID: user.toUpperCase(), After: first.Next })).Purchases).toEqual(
      mine.slice(1),
    );
    expect(await listPurchases(option.ID, { UserID: unknownId })).toEqual(
      shown({ Purchases: [], Next: cursor }),
    );
  });

  it("has at most 10,000 tickets in a page", { timeout: 60_000 }, async () => {
    const option = await createTicketOption({ Allocation: 30_000 });
    const quantities = [6000, 4000, 1, 9999, 1, 1];
    const bought: Purchase[] = [];
    for (const Quantity of quantities) bought.push(await sell(option, { Quantity }));
    bought.push(await hold(option, { Quantity: 9000 })); // it has no tickets yet

    const first = await listed(option, 2);
    const second = await listed(option, 2, { After: first.Next });
    const third = await listed(option, 3, { After: second.Next });
    expect([first, second, third].map(({ Purchases }) => Purchases.map(({ Quantity }) => Quantity))).toEqual([
      [6000, 4000],
      [1, 9999],
      [1, 1, 9000],
    ]);
    expect([...first.Purchases, ...second.Purchases, ...third.Purchases]).toEqual(bought);
  });

  it("has at most 100 purchases in a page", async () => {
    const option = await createTicketOption({ Allocation: 200 });
    await Promise.all(Array.from({ length: 101 }, () => sell(option, { Quantity: 1 })));

    const { Next } = await listed(option, 100);
    expect((await listed(option, 1, { After: Next })).Purchases.length).toBe(1);
  });

  it("accepts the id in any letter case, also with a Next of the other", async () => {
    const option = await createTicketOption();
    const one = await sell(option);
    const { Next } = await listed(option, 1);
    const id = option.ID.toUpperCase();

    expect(await listPurchases(id)).toEqual(shown({ Purchases: [one], Next }));
    expect(await listPurchases(id, { After: Next })).toEqual(shown({ Purchases: [], Next }));
  });
});

describe("a list of purchases with invalid parameters", () => {
  it.each(["0", "101", "-1", "1.5", "1e1", "", "05", "%2B5", "5%20", "ten", "9".repeat(400)])(
    "reports a Limit of %s",
    async (limit) => {
      const { ID } = await createTicketOption();

      expect(await listPurchases(ID, `Limit=${limit}`)).toEqual(invalid("?Limit"));
    },
  );

  it.each(["", "derby", unknownId.slice(1), `%7B${unknownId}%7D`, `${unknownId}%0A`, "%00", "null"])(
    "reports a UserID of %s",
    async (user) => {
      const { ID } = await createTicketOption();

      expect(await listPurchases(ID, `UserID=${user}`)).toEqual(invalid("?UserID"));
    },
  );

  it("reports a Next of another option, of another user, and of one instead of all users", async () => {
    const [option, another] = [await createTicketOption(), await createTicketOption()];
    const [user, other] = [randomUUID(), randomUUID()];
    for (const one of [option, another]) for (const UserID of [user, other]) await sell(one, { UserID });
    const { Next } = await listed(option, 2);
    const { Next: ofUser } = await listed(option, 1, { UserID: user });

    for (const [{ ID }, query] of [
      [another, { After: Next }],
      [option, { After: Next, UserID: user }],
      [option, { After: ofUser }],
      [option, { After: ofUser, UserID: other }],
      [another, { After: ofUser, UserID: user }],
    ] as const)
      expect(await listPurchases(ID, query)).toEqual(invalid("?After"));
  });

  it("reports whatever is no Next of this list", async () => {
    const option = await createTicketOption();
    await sell(option);
    const { Next } = await listed(option, 1);
    const [changedIn = "", id = "", check = ""] = partsOf(Next);

    for (const after of [
      ...[
        "",
        "derby",
        "%00",
        "%20",
        "'%20or%20'1'='1",
        unknownId,
        "1",
        "-1",
        "9".repeat(400),
        "x".repeat(4000),
      ],
      ...[`${Next}%3D`, `${Next}A`, Next.slice(0, -1), Next.slice(1), `%20${Next}`, `${Next}%0A`],
      ...[
        Next.toUpperCase(),
        Next.toLowerCase(),
        encodeURIComponent(`${Next}.`),
        Next.split("").toReversed().join(""),
      ],
      ...[
        "18446744073709551616",
        "99999999999999999999",
        "9".repeat(100),
        "1e3",
        "-1",
        "+1",
        "0x1",
        "",
        "NaN",
        "1.5",
      ].map((number) => cursorOf(number, id, check)),
      ...["", "derby", id.slice(1), `{${id}}`, id.replaceAll("-", "")].map((other) =>
        cursorOf(changedIn, other, check),
      ),
      ...["", "derby", check.slice(1), `${check}A`].map((other) => cursorOf(changedIn, id, other)),
      ...[
        cursorOf(changedIn, id),
        cursorOf(changedIn),
        cursorOf(changedIn, id, check, check),
        cursorOf(id, changedIn, check),
      ],
    ])
      expect(await listPurchases(option.ID, `After=${after}`), after).toEqual(invalid("?After"));
  });

  it("accepts the place of the last transaction that there can be, after which there is nothing", async () => {
    const option = await createTicketOption();
    await sell(option);
    const { Next } = await listed(option, 1);
    const [, id = "", check = ""] = partsOf(Next);
    const last = cursorOf("18446744073709551615", id, check);

    expect(await listPurchases(option.ID, { After: last })).toEqual(shown({ Purchases: [], Next: last }));
  });

  it.each(["Limit=1&Limit=1", "Limit=1&limit=2"])(
    "reports a Limit that is given twice: %s",
    async (query) => {
      const { ID } = await createTicketOption();

      expect(await listPurchases(ID, query)).toEqual(invalid("?Limit"));
    },
  );

  it("reports a UserID and an After that are given twice", async () => {
    const option = await createTicketOption();
    await sell(option);
    const { Next } = await listed(option, 1);

    expect(await listPurchases(option.ID, `UserID=${unknownId}&UserID=${unknownId}`)).toEqual(
      invalid("?UserID"),
    );
    expect(await listPurchases(option.ID, `After=${Next}&After=${Next}`)).toEqual(invalid("?After"));
  });

  it("reports every wrong parameter at once", async () => {
    const { ID } = await createTicketOption();

    expect(await listPurchases(ID, "Limit=0&UserID=derby")).toEqual(invalid("?UserID", "?Limit"));
    expect(await listPurchases(ID, `Limit=0&UserID=${unknownId}&After=x`)).toEqual(
      invalid("?Limit", "?After"),
    );
  });
});

describe("the purchases of an option that does not exist", () => {
  it("get 404, for a malformed id before and for an unknown one after the parameters are checked", async () => {
    expect(await listPurchases(unknownId)).toEqual(notFound());
    expect(await listPurchases(unknownId, { UserID: unknownId, Limit: 1 })).toEqual(notFound());
    expect(await listPurchases("derby", "Limit=0&UserID=derby&After=")).toEqual(notFound());
    expect(await listPurchases(unknownId, "Limit=0")).toEqual(invalid("?Limit"));
    const option = await createTicketOption();
    const { Next } = (await listPurchases(option.ID)).body as PurchaseList;
    expect(await listPurchases(unknownId, { After: Next })).toEqual(invalid("?After"));
  });
});
