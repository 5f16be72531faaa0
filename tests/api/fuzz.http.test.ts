// What need not reach a function: a server before it may answer, but not fail, nor show what it is made of.
import fc from "fast-check";
import { expect, it } from "vitest";
import { anyOther } from "./arbitrary.ts";
import { get, rawRequest } from "./client.ts";
import { gotten, innards } from "./expected.ts";
import { createTicketOption } from "./given.ts";

it("whatever path, method or media type is asked for, nothing breaks and nothing is sold", {
  timeout: 120_000,
}, async () => {
  const option = await createTicketOption({ Allocation: 0 });

  await fc.assert(
    fc.asyncProperty(anyOther(option.ID), async (wanted) => {
      const { status, body } = await rawRequest(wanted);

      expect(status).toBeLessThan(500);
      if (status >= 400) expect(body).not.toMatch(innards);
      expect(await get(option.ID)).toEqual(gotten(option));
    }),
    { numRuns: 150 },
  );
});
