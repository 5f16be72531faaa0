// API Gateway passes a body in base64 if its media type is binary.
import { describe, expect, it } from "vitest";
import { documented } from "../support/documented.ts";
import { overHandlers } from "../support/over-handlers.ts";
import { createTicketOption, optionFields, purchaseFields, read } from "./given.ts";

const send = documented(overHandlers);

const creation = {
  method: "POST",
  path: "/ticket_options",
  headers: { "Content-Type": "application/octet-stream" },
};

describe("a base64 body", () => {
  it("is decoded before it is parsed", async () => {
    const option = await createTicketOption({ Allocation: 10 });
    const path = `/ticket_options/${option.ID}/purchases`;
    const body = Buffer.from(JSON.stringify(purchaseFields({ Quantity: 3 })));

    expect((await send({ method: "POST", path, body })).status).toBe(200);
    expect((await read(option)).Allocation).toBe(7);
  });

  it("is decoded as UTF-8", async () => {
    const fields = optionFields({ Name: "Fenerbahçe – Galatasaray 🎫" });
    const sent = Buffer.from(JSON.stringify(fields));
    const { status, body } = await send({ ...creation, body: sent });

    expect({ status, body: JSON.parse(body) }).toMatchObject({
      status: 200,
      body: fields,
    });
  });

  it("is limited to 100,000 decoded bytes", async () => {
    const fits = Buffer.from(JSON.stringify(optionFields()).padEnd(100_000));
    const tooLong = Buffer.from(JSON.stringify(optionFields()).padEnd(100_001));

    expect((await send({ ...creation, body: fits })).status).toBe(200);
    expect((await send({ ...creation, body: tooLong })).status).toBe(413);
  });

  it("is rejected with 400 if the decoded bytes are not JSON", async () => {
    expect((await send({ ...creation, body: Buffer.from("tickets") })).status).toBe(400);
    expect((await send({ ...creation, body: Buffer.alloc(0) })).status).toBe(400);
  });
});
