import { randomUUID } from "node:crypto";
import { vi } from "vitest";
import { audit, auditOption } from "../../infra/audit.ts";
import type { DataApi } from "../../lib/data-api.ts";
import type { ApiRequest } from "../support/api.ts";
import { inTurn } from "./in-turn.ts";

/** The functions over a database of one's own choice, beside others of the same process. */
export type Service = Awaited<ReturnType<typeof loadService>>;

/** Of what so many requests at once would print, nobody could tell which line belongs to which. */
const quiet = { POWERTOOLS_LOG_LEVEL: "SILENT", POWERTOOLS_METRICS_DISABLED: "true" };

/** Loads the functions anew, with that environment, in which they reach that database. */
export function loadService(environment: Record<string, string>, database: DataApi) {
  return inTurn(async () => {
    Object.assign(process.env, environment, quiet);
    vi.resetModules();
    const { overHandlers } = await import("../support/over-handlers.ts");
    const service = {
      /** As Lambda calls them, with the time that serverless.yml gives them, or less. */
      send: (request: ApiRequest, milliseconds = 25_000) => overHandlers(request, milliseconds),
      audit: () => audit(database),
      auditOption: (id: string) => auditOption(database, id),
      /** Puts so many tickets on sale, and gives the option's id. */
      putOnSale: async (tickets: number): Promise<string> =>
        (await post("/ticket_options", { Name: "Derby", Allocation: tickets })).ID,
    };
    const post = async (path: string, body: object) => {
      const answer = await service.send({ method: "POST", path, body: JSON.stringify(body) });
      if (answer.status !== 200) throw new Error(`the API answered ${answer.status}: ${answer.body}`);
      return JSON.parse(answer.body);
    };
    // Each reads the environment at its first use.
    const optionId = await service.putOnSale(1);
    await post(`/ticket_options/${optionId}/purchases`, { Quantity: 1, UserID: randomUUID() });
    return service;
  });
}
