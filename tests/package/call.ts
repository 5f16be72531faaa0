// Runs as a process of its own, beside handlers that `alone.test.ts` puts there: answers one request, then ends.
import type { ApiRequest } from "../support/api.ts";
import { overHandlers } from "../support/over-handlers.ts";

process.once("message", async (request: ApiRequest) => {
  process.send?.(await overHandlers(request));
  process.disconnect();
});
