// Responses that API Gateway, or the local server in its place, sends without calling a handler.
import { describe, expect, it } from "vitest";
import { operations } from "../support/specification.ts";
import { request } from "./client.ts";
import { listed } from "./expected.ts";
import { createTicketOption, read, unknownId } from "./given.ts";

const methods = ["GET", "POST", "PUT", "PATCH", "DELETE"];
const paths = [...new Set(operations.map(({ path }) => path))];

/** A path of docs/openapi.yaml with an id in place of each parameter. */
const withIds = (path: string) => path.replaceAll(/\{\w+\}/g, unknownId);

describe("an unknown route", () => {
  const undocumented = methods.flatMap((method) =>
    paths
      .filter((path) => !operations.some((one) => one.method === method && one.path === path))
      .map((path) => ({ method, path: withIds(path) })),
  );

  it.each([{ method: "GET", path: "/" }, { method: "GET", path: "/tickets" }, ...undocumented])(
    "gets 404: $method $path",
    async (unknown) => {
      expect((await request(unknown)).status).toBe(404);
    },
  );

  it("does not delete an option: DELETE /ticket_options/{id}", async () => {
    const option = await createTicketOption();

    expect(
      (
        await request({
          method: "DELETE",
          path: `/ticket_options/${option.ID}`,
        })
      ).status,
    ).toBe(404);
    expect(await read(option)).toEqual(option);
  });
});

describe("a CORS preflight", () => {
  it.each(operations)(
    "allows $method $path from any origin, with the headers of the contract",
    async ({ method, path }) => {
      const { status, headers } = await request({
        method: "OPTIONS",
        path: withIds(path),
        headers: {
          Origin: "https://tickets.example.org",
          "Access-Control-Request-Method": method,
          "Access-Control-Request-Headers": "content-type,idempotency-key,if-none-match,x-api-key",
        },
      });

      expect([200, 204]).toContain(status);
      expect(headers["access-control-allow-origin"]).toBe("*");
      expect(listed(headers["access-control-allow-methods"])).toContain(method.toLowerCase());
      expect(listed(headers["access-control-allow-headers"])).toEqual(
        expect.arrayContaining(["content-type", "idempotency-key", "if-none-match", "x-api-key"]),
      );
    },
  );
});
