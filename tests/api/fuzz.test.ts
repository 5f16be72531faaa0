// Random requests: every response conforms to the contract, and the allocation decreases only by what was sold.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ApiRequest } from "../support/api.ts";
import { fieldsOf } from "../support/fields.ts";
import {
  anyCancel,
  anyChange,
  anyConfirm,
  anyCreate,
  anyGet,
  anyGetPurchase,
  anyListOptions,
  anyListPurchases,
  anyPurchase,
} from "./arbitrary.ts";
import {
  type ContractResponse,
  get,
  getPurchase,
  isHttp,
  listPurchases,
  request,
  sendRequest,
} from "./client.ts";
import {
  capacityInUse,
  changed,
  created,
  gotten,
  held,
  internals,
  invalid,
  keyReused,
  notEnough,
  notFound,
  notModified,
  purchaseCancelled,
  purchased,
  purchaseNotFound,
  purchaseSold,
  replayed,
  shown,
  tooLarge,
} from "./expected.ts";
import {
  anyUser,
  createTicketOption,
  hold,
  listed,
  type Purchase,
  type PurchaseList,
  read,
  sell,
  type TicketOption,
  type TicketOptionList,
  unknownId,
} from "./given.ts";

const runs = { numRuns: isHttp ? 80 : 200 };
const timeout = 120_000;

const newOptionFields = fieldsOf("NewTicketOption");

/** The contract's response of this kind. */
function refusal({ status, body }: ContractResponse): ContractResponse {
  const { type = "" } = body as { type?: string };
  switch (type.replace("urn:ticket-allocation:problem:", "")) {
    case "invalid-request": {
      const { errors } = body as { errors: { pointer?: string; parameter?: string; header?: string }[] };
      const places = errors.map(({ pointer, parameter, header }) =>
        parameter === undefined ? (pointer ?? header ?? "") : `?${parameter}`,
      );
      expect(places).not.toEqual([]); // `sendRequest` compares each of them with docs/openapi.yaml
      expect(new Set(places).size).toBe(places.length);
      return invalid(...places);
    }
    case "ticket-option-not-found":
      return notFound();
    case "purchase-not-found":
      return purchaseNotFound();
    case "purchase-cancelled":
      return purchaseCancelled();
    case "purchase-sold":
      return purchaseSold();
    case "capacity-in-use":
      return capacityInUse((body as { inUse: number }).inUse);
    case "not-enough-tickets": {
      const { requested, available } = body as { requested: number; available: number };
      expect(requested).toBeGreaterThan(available);
      return notEnough(requested, available);
    }
    case "body-too-large":
      return tooLarge();
    case "idempotency-key-reused":
      return keyReused();
    default:
      throw new Error(`the contract has no such response: ${status} ${JSON.stringify(body)}`);
  }
}

/** The expected response, marked as replayed if the actual one is. */
const withReplayMark = (response: ContractResponse, expected: ContractResponse): ContractResponse =>
  isReplayed(response) ? replayed(expected) : expected;

const isReplayed = ({ headers }: ContractResponse) => "idempotent-replayed" in headers;

async function responseTo(apiRequest: ApiRequest): Promise<ContractResponse> {
  const raw = await request(apiRequest);
  const { etag: _, ...headers } = raw.headers; // an ETag may be any text
  expect(JSON.stringify(headers)).not.toMatch(internals);
  return sendRequest(apiRequest, async () => raw);
}

describe("a random request", () => {
  it("to create an option either succeeds with the sent fields or gets a documented error", {
    timeout,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(anyCreate(), async (apiRequest) => {
        const response = await responseTo(apiRequest);
        if (response.status !== 200) {
          expect(response).toEqual(refusal(response));
          return;
        }
        const option = response.body as TicketOption;
        const fields = newOptionFields.filter(({ name }) => name in option);
        const values = fields.map(({ name }) => [name, option[name as keyof TicketOption]]);
        expect(response).toEqual(withReplayMark(response, created(Object.fromEntries(values))));
        for (const { name, accepts } of fields)
          expect(option[name as keyof TicketOption], name).toSatisfy(accepts);
      }),
      runs,
    );
  });

  it("to get an option either returns that option or gets a documented error", { timeout }, async () => {
    const option = await createTicketOption();

    await fc.assert(
      fc.asyncProperty(anyGet(option.ID), async (apiRequest) => {
        const response = await responseTo(apiRequest);
        if (response.status === 200) expect(response).toEqual(gotten(option));
        else if (response.status === 304) expect(response).toEqual(notModified(response.headers.etag));
        else expect(response).toEqual(refusal(response));
      }),
      runs,
    );
  });

  it("to purchase sells, holds or gets a documented error, and what is unsold stays the same in sum", {
    timeout,
  }, async () => {
    const { UpdatedAt: _, ...option } = await createTicketOption({ Allocation: 1_000_000 });
    let unsold = option.Allocation;

    await fc.assert(
      fc.asyncProperty(anyPurchase(option.ID), async (apiRequest) => {
        const response = await responseTo(apiRequest);
        if (response.status === 200) {
          const { Quantity, UserID, Status } = response.body as Purchase;
          expect(UserID).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
          const bought = { TicketOptionID: option.ID, Quantity, UserID };
          const expected = Status === "sold" ? purchased(bought) : held(bought);
          // A hold of a second may have lapsed when its request is repeated.
          const isLapsed = isReplayed(response) && Status === "lapsed";
          expect(response).toEqual(
            withReplayMark(response, isLapsed ? shown({ ...Object(expected.body), Status }) : expected),
          );
          if (Status === "sold" && !isReplayed(response)) unsold -= Quantity;
        } else {
          expect(response).toEqual(refusal(response));
        }
        const current = await get(option.ID);
        const { Allocation, Held } = current.body as TicketOption;
        expect(current).toEqual(gotten({ ...option, Allocation, ...(Held !== undefined && { Held }) }));
        expect(Allocation + (Held ?? 0)).toBe(unsold);
      }),
      runs,
    );
  });

  it("to change an option either shows the option as it is then or gets a documented error", {
    timeout,
  }, async () => {
    const { ID, CreatedAt } = await createTicketOption({ MaxPerUser: 5 });
    const option = { ID, CreatedAt };
    await sell({ ID } as TicketOption, { Quantity: 3 });

    await fc.assert(
      fc.asyncProperty(anyChange(ID), async (apiRequest) => {
        const before = await get(ID);
        const response = await responseTo(apiRequest);
        const current = (await get(ID)).body as TicketOption;
        if (response.status === 200) {
          expect(response).toEqual(changed({ ...(response.body as TicketOption), ...option }));
          expect(current).toEqual(response.body);
          expect(current.Capacity - current.Allocation).toBe(3);
          for (const { name, accepts } of fieldsOf("TicketOptionChange"))
            if (name in current) expect(current[name as keyof TicketOption], name).toSatisfy(accepts);
          expect((current.SaleStartsAt ?? "") < (current.SaleEndsAt ?? "x")).toBe(true);
        } else {
          expect(response).toEqual(refusal(response));
          expect(current).toEqual(before.body);
        }
      }),
      runs,
    );
  });

  it.each([
    { what: "read", anyOf: anyGetPurchase },
    { what: "confirm", anyOf: anyConfirm },
    { what: "cancel", anyOf: anyCancel },
  ])(
    "to $what a purchase either shows it as it is then or gets a documented error",
    {
      timeout,
    },
    async ({ anyOf }) => {
      const option = await createTicketOption();
      const purchases = [await sell(option), await hold(option), await hold(option)];
      const apiRequest = fc.oneof(...purchases.map(anyOf));

      await fc.assert(
        fc.asyncProperty(apiRequest, async (one) => {
          const response = await responseTo(one);
          if (response.status === 200) {
            const { ID } = response.body as Purchase;
            expect(purchases.map((purchase) => purchase.ID)).toContain(ID);
            expect(response).toEqual(await getPurchase({ TicketOptionID: option.ID, ID }));
          } else {
            expect(response).toEqual(refusal(response));
          }
        }),
        runs,
      );
      const now = await Promise.all(purchases.map(getPurchase));
      const unsold = now.filter(({ body }) => (body as Purchase).Status === "cancelled").length * 2;
      const isHeld = ({ body }: ContractResponse) => (body as Purchase).Status === "held";
      expect(await read(option)).toMatchObject({
        Allocation: 4 + unsold,
        ...(now.some(isHeld) && { Held: now.filter(isHeld).length * 2 }),
      });
    },
  );

  it("to list options either shows a page of them or gets a documented error", { timeout }, async () => {
    const { ID } = await createTicketOption();

    await fc.assert(
      fc.asyncProperty(anyListOptions(ID), async (apiRequest) => {
        const response = await responseTo(apiRequest);
        if (response.status !== 200) {
          expect(response).toEqual(refusal(response));
          return;
        }
        const { TicketOptions, Next } = response.body as TicketOptionList;
        const ids = TicketOptions.map((option) => option.ID);
        expect(response).toEqual(shown(response.body));
        expect(ids).toEqual(ids.toSorted().reverse());
        if (Next !== undefined) expect(Next).toBe(ids.at(-1));
      }),
      { numRuns: runs.numRuns / 2 },
    );
  });

  it("to list purchases either shows a page of them or gets a documented error", { timeout }, async () => {
    const option = await createTicketOption();
    const all = [await sell(option), await hold(option, { UserID: unknownId }), await sell(option)];
    const lists = [await listed(option, 3), await listed(option, 2, { UserID: anyUser })];
    const first = (await listPurchases(option.ID, { Limit: 1 })).body as PurchaseList;
    const cursors = [...lists, first].map(({ Next }) => Next);

    await fc.assert(
      fc.asyncProperty(anyListPurchases(option.ID, cursors), async (apiRequest) => {
        const response = await responseTo(apiRequest);
        if (response.status !== 200) {
          expect(response).toEqual(refusal(response));
          return;
        }
        const { Purchases } = response.body as PurchaseList;
        expect(response).toEqual(shown({ Purchases, Next: expect.stringMatching(/^[\w-]+$/) }));
        expect(all.filter(({ ID }) => Purchases.some((one) => one.ID === ID))).toEqual(Purchases);
      }),
      runs,
    );
  });
});
