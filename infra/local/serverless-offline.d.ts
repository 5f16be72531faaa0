/** The part of serverless-offline that infra/local/plugin.ts uses; the package has no types. */
declare module "serverless-offline" {
  import type { Hapi } from "./gateway.ts";

  type Write = (...text: unknown[]) => void;

  export interface Utilities {
    log: Record<"debug" | "error" | "info" | "notice" | "verbose" | "warning", Write>;
  }

  export default class ServerlessOffline {
    constructor(serverless: object, cliOptions: object, utilities: Utilities);
    /** Resolves when its servers listen. */
    start(): Promise<void>;
    internals(): { getApiGatewayServer(): Hapi };
  }
}
