// Requests that may not reach a function. The server in front may respond, but must not fail or reveal internals.
import fc from "fast-check";
import { expect, it } from "vitest";
import { anyOther } from "./arbitrary.ts";
import { get, rawRequest } from "./client.ts";
import { gotten, internals } from "./expected.ts";
import { createTicketOption } from "./given.ts";

it("a random path, method or media type causes no 5xx, reveals no internals and sells nothing", {
  timeout: 120_000,
}, async () => {
  const option = await createTicketOption({ Allocation: 0 });

  await fc.assert(
    fc.asyncProperty(anyOther(option.ID), async (apiRequest) => {
      const { status, body } = await rawRequest(apiRequest);

      expect(status).toBeLessThan(500);
      if (status >= 400) expect(body).not.toMatch(internals);
      expect(await get(option.ID)).toEqual(gotten(option));
    }),
    { numRuns: 75 },
  );
});
