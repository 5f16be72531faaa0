import { randomUUID } from "node:crypto";
import { vi } from "vitest";
import { audit, auditOption } from "../../infra/audit.ts";
import type { DataApi } from "../../lib/data-api.ts";
import type { ApiRequest } from "../support/api.ts";
import { oneAtATime } from "./one-at-a-time.ts";

/** The functions with a given database. One process can load several. */
export type Service = Awaited<ReturnType<typeof loadService>>;

/** Logs and metrics are off, because the lines of concurrent requests could not be attributed to a test. */
const quiet = { POWERTOOLS_LOG_LEVEL: "SILENT", POWERTOOLS_METRICS_DISABLED: "true" };

/** Loads a new copy of the functions with `environment`, in which they use `database`. */
export function loadService(environment: Record<string, string>, database: DataApi) {
  return oneAtATime(async () => {
    Object.assign(process.env, environment, quiet);
    vi.resetModules();
    const { overHandlers } = await import("../support/over-handlers.ts");
    const service = {
      /** Calls the functions as Lambda does, by default with the timeout of serverless.yml. */
      send: (request: ApiRequest, milliseconds = 25_000) => overHandlers(request, milliseconds),
      audit: () => audit(database),
      auditOption: (id: string) => auditOption(database, id),
      /** Creates an option with `tickets` tickets and returns its id. */
      putOnSale: async (tickets: number): Promise<string> =>
        (await post("/ticket_options", { Name: "Derby", Allocation: tickets })).ID,
    };
    const call = async (method: string, path: string, body: object) => {
      const response = await service.send({ method, path, body: JSON.stringify(body) });
      if (response.status !== 200) throw new Error(`the API responded ${response.status}: ${response.body}`);
      return JSON.parse(response.body);
    };
    const post = (path: string, body: object) => call("POST", path, body);
    // Each function reads the environment when it is first used.
    const option = `/ticket_options/${await service.putOnSale(1)}`;
    const order = { Quantity: 1, UserID: randomUUID(), HoldSeconds: 600 };
    const purchase = `${option}/purchases/${(await post(`${option}/purchases`, order)).ID}`;
    await post(`${purchase}/confirm`, {});
    await post(`${purchase}/cancel`, { Sold: true });
    await call("PATCH", option, { Capacity: 2 });
    await service.send({ method: "GET", path: option });
    return service;
  });
}
