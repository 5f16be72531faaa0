// Whatever comes, the service answers in the form of the contract, and only what it sold is gone.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ApiRequest } from "../support/api.ts";
import { fieldsOf } from "../support/fields.ts";
import { anyCreate, anyGet, anyPurchase } from "./arbitrary.ts";
import { type Answer, ask, get, isHttp, request } from "./client.ts";
import {
  created,
  gotten,
  innards,
  invalid,
  keyReused,
  notEnough,
  notFound,
  notModified,
  purchased,
  replayed,
  tooLarge,
} from "./expected.ts";
import { createTicketOption, type Purchase, type TicketOption } from "./given.ts";

const runs = { numRuns: isHttp ? 150 : 400 };
const timeout = 120_000;

const newOptionFields = fieldsOf("NewTicketOption");

/** Which answer of the contract this one has to be, by its status. */
function refusal({ status, body }: Answer): Answer {
  switch (status) {
    case 400: {
      const { errors } = body as { errors: { pointer?: string; header?: string }[] };
      const wrong = errors.map(({ pointer, header }) => pointer ?? header ?? "");
      expect(wrong).not.toEqual([]); // `ask` holds each of them against the document
      return invalid(...wrong);
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
      throw new Error(`the contract has no such answer: ${status} ${JSON.stringify(body)}`);
  }
}

/** The same, if an earlier request was answered so. */
const perhapsReplayed = (answer: Answer, form: Answer): Answer =>
  isReplayed(answer) ? replayed(form) : form;

const isReplayed = ({ headers }: Answer) => "idempotent-replayed" in headers;

async function answerTo(wanted: ApiRequest): Promise<Answer> {
  const response = await request(wanted);
  const { etag: _, ...headers } = response.headers; // a tag is any text
  expect(JSON.stringify(headers)).not.toMatch(innards);
  return ask(wanted, async () => response);
}

describe("whatever is sent", () => {
  it("to create an option, is carried out or refused", { timeout }, async () => {
    await fc.assert(
      fc.asyncProperty(anyCreate(), async (wanted) => {
        const answer = await answerTo(wanted);
        if (answer.status !== 200) {
          expect(answer).toEqual(refusal(answer));
          return;
        }
        const option = answer.body as TicketOption;
        const fields = newOptionFields.filter(({ name }) => name in option);
        const values = fields.map(({ name }) => [name, option[name as keyof TicketOption]]);
        expect(answer).toEqual(perhapsReplayed(answer, created(Object.fromEntries(values))));
        for (const { name, accepts } of fields)
          expect(option[name as keyof TicketOption], name).toSatisfy(accepts);
      }),
      runs,
    );
  });

  it("to get an option, is answered with that option or refused", { timeout }, async () => {
    const option = await createTicketOption();

    await fc.assert(
      fc.asyncProperty(anyGet(option.ID), async (wanted) => {
        const answer = await answerTo(wanted);
        if (answer.status === 200) expect(answer).toEqual(gotten(option));
        else if (answer.status === 304) expect(answer).toEqual(notModified(answer.headers.etag));
        else expect(answer).toEqual(refusal(answer));
      }),
      runs,
    );
  });

  it("to purchase, is sold or refused, and what was not sold is left", { timeout }, async () => {
    const { UpdatedAt: _, ...option } = await createTicketOption({ Allocation: 1_000_000 });
    let left = option.Allocation;

    await fc.assert(
      fc.asyncProperty(anyPurchase(option.ID), async (wanted) => {
        const answer = await answerTo(wanted);
        if (answer.status === 200) {
          const { Quantity, UserID } = answer.body as Purchase;
          expect(UserID).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
          expect(answer).toEqual(
            perhapsReplayed(answer, purchased({ TicketOptionID: option.ID, Quantity, UserID })),
          );
          if (!isReplayed(answer)) left -= Quantity;
        } else {
          expect(answer).toEqual(refusal(answer));
        }
        expect(await get(option.ID)).toEqual(gotten({ ...option, Allocation: left }));
      }),
      runs,
    );
  });
});
