/** What infra/local/plugin.ts uses of serverless-offline, which comes without types. */
declare module "serverless-offline" {
  import type { Hapi } from "./gateway.ts";

  type Write = (...text: unknown[]) => void;

  export interface Utilities {
    log: Record<"debug" | "error" | "info" | "notice" | "verbose" | "warning", Write>;
  }

  export default class ServerlessOffline {
    constructor(serverless: object, cliOptions: object, utilities: Utilities);
    /** Ends once its servers listen. */
    start(): Promise<void>;
    internals(): { getApiGatewayServer(): Hapi };
  }
}
