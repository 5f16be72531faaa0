// Random requests: every response conforms to the contract, and the allocation decreases only by what was sold.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ApiRequest } from "../support/api.ts";
import { fieldsOf } from "../support/fields.ts";
import { anyCreate, anyGet, anyPurchase } from "./arbitrary.ts";
import { type ContractResponse, get, isHttp, request, sendRequest } from "./client.ts";
import {
  created,
  gotten,
  held,
  internals,
  invalid,
  keyReused,
  notEnough,
  notFound,
  notModified,
  purchased,
  replayed,
  shown,
  tooLarge,
} from "./expected.ts";
import { createTicketOption, type Purchase, type TicketOption } from "./given.ts";

const runs = { numRuns: isHttp ? 150 : 400 };
const timeout = 120_000;

const newOptionFields = fieldsOf("NewTicketOption");

/** The contract's response with the status of this one. */
function refusal({ status, body }: ContractResponse): ContractResponse {
  switch (status) {
    case 400: {
      const { errors } = body as { errors: { pointer?: string; header?: string }[] };
      const invalidPlaces = errors.map(({ pointer, header }) => pointer ?? header ?? "");
      expect(invalidPlaces).not.toEqual([]); // `sendRequest` compares each of them with docs/openapi.yaml
      return invalid(...invalidPlaces);
    }
    case 404:
      return notFound();
    case 409: {
      const { requested, available } = body as { requested: number; available: number };
      expect(requested).toBeGreaterThan(available);
      return notEnough(requested, available);
    }
    case 413:
      return tooLarge();
    case 422:
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
});
