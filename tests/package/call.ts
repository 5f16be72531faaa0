// Runs in its own process, next to the handlers that `alone.test.ts` unpacks. Handles one request and ends.
import type { ApiRequest } from "../support/api.ts";
import { overHandlers } from "../support/over-handlers.ts";

process.once("message", async (request: ApiRequest) => {
  process.send?.(await overHandlers(request));
  process.disconnect();
});
