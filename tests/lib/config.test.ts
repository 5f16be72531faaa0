import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

beforeEach(() => vi.resetModules());
afterEach(() => vi.unstubAllEnvs());

describe("a function", () => {
  it.each(["CLUSTER_ARN", "SECRET_ARN", "DATABASE_NAME", "ACCESS", "RETRY_KEY_SECRET"])(
    "does not start without %s",
    async (name) => {
      vi.stubEnv(name, undefined);

      await expect(import("../../functions/purchase.ts")).rejects.toThrow(
        `environment variable ${name} is not set`,
      );
    },
  );

  it.each(["0", "10001", "1.5", "many"])(
    "does not start if MAX_TICKETS_PER_PURCHASE is %s",
    async (value) => {
      vi.stubEnv("MAX_TICKETS_PER_PURCHASE", value);

      await expect(import("../../functions/purchase.ts")).rejects.toThrow(
        "environment variable MAX_TICKETS_PER_PURCHASE is not an integer from 1 to 10000",
      );
    },
  );

  it("limits a purchase to MAX_TICKETS_PER_PURCHASE tickets", async () => {
    vi.stubEnv("MAX_TICKETS_PER_PURCHASE", "2");
    const { overHandlers } = await import("../support/over-handlers.ts");
    const post = async (path: string, body: object) => {
      const response = await overHandlers({ method: "POST", path, body: JSON.stringify(body) });
      return { status: response.status, ...JSON.parse(response.body) };
    };
    const { ID } = await post("/ticket_options", { Name: "Derby", Allocation: 4 });
    const purchase = (Quantity: number) =>
      post(`/ticket_options/${ID}/purchases`, { Quantity, UserID: "406c1d05-bbb2-4e94-b183-7d208c2692e1" });

    expect(await purchase(3)).toMatchObject({
      status: 400,
      errors: [{ pointer: "#/Quantity", detail: "must be at most 2, which is what one purchase sells" }],
    });
    expect(await purchase(5)).toMatchObject({ status: 409, requested: 5, available: 4 });
    expect(await purchase(2)).toMatchObject({ status: 200, Quantity: 2 });
  });
});
