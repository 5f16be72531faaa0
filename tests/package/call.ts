// Runs as a process of its own, beside handlers that `alone.test.ts` puts there: answers one request, then ends.
import type { ApiRequest } from "../api/client.ts";
import { overHandlers } from "../api/over-handlers.ts";

process.once("message", async (request: ApiRequest) => {
  process.send?.(await overHandlers(request));
  process.disconnect();
});
