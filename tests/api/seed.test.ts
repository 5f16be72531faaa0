import { describe, expect, it } from "vitest";
import { create, get, purchase } from "./client.ts";
import { created, gotten, notEnough, purchased } from "./expected.ts";
import type { TicketOption } from "./given.ts";

// The bodies as printed in the first README of this project.
const createBody = `{
     "Name":"Fenerbahce vs Galatasaray",
     "Desc":"There are 10.000 available tickets.",
     "Allocation":10000
 }`;
const purchaseBody = `{
   "Quantity": 2,
   "UserID": "406c1d05-bbb2-4e94-b183-7d208c2692e1"
 }`;

describe.each([
  {
    how: "with a JSON content type",
    headers: { "Content-Type": "application/json" },
  },
  { how: "without a content type", headers: {} },
  {
    how: "with the content type of curl -d",
    headers: { "Content-Type": "application/x-www-form-urlencoded" },
  },
])("a client of the first service, $how", ({ headers }) => {
  // LocalStack replaces the body of a form before it calls a function.
  const test = it.skipIf(process.env.API_GATEWAY === "localstack" && isForm(headers));

  test("creates a ticket option, reads it and buys from it", async () => {
    const fields = {
      Name: "Fenerbahce vs Galatasaray",
      Desc: "There are 10.000 available tickets.",
      Allocation: 10_000,
    };
    const creation = await create(createBody, headers);
    expect(creation).toEqual(created(fields));

    const option = creation.body as TicketOption;
    expect(await get(option.ID)).toEqual(gotten({ ...option }));

    expect(await purchase(option.ID, purchaseBody, headers)).toEqual(
      purchased({
        TicketOptionID: option.ID,
        UserID: "406c1d05-bbb2-4e94-b183-7d208c2692e1",
        Quantity: 2,
      }),
    );
    expect(await get(option.ID)).toEqual(
      gotten({ ...fields, ID: option.ID, Allocation: 9_998, Capacity: 10_000 }),
    );
  });

  test("gets the original message if it orders more than is left", async () => {
    const creation = await create(createBody.replace("10000", "1"), headers);
    const option = creation.body as TicketOption;

    expect(await purchase(option.ID, purchaseBody, headers)).toEqual(notEnough(2, 1));
    expect(await get(option.ID)).toEqual(gotten(option));
  });
});

function isForm(headers: { "Content-Type"?: string }): boolean {
  return headers["Content-Type"] === "application/x-www-form-urlencoded";
}
