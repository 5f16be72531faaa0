import { fork } from "node:child_process";
import { once } from "node:events";
import type { Usage } from "./reporting.ts";

/** A server in a separate process. */
export interface ServerProcess {
  url: string;
  /** Returns the resource usage of the process since its start. */
  usage(): Promise<Usage>;
  /** Forces a garbage collection, then returns the same. */
  usageAfterCollection(): Promise<Usage>;
  end(): Promise<void>;
}

/**
 * Starts a module that calls `reportToParent`. If its process ends early, this process fails.
 *
 * @param profiles folder for a CPU profile of the process; undefined writes none
 */
export async function startServerProcess(
  module: string,
  settings: { databaseUrl: string; connections: number },
  profiles?: string,
): Promise<ServerProcess> {
  const child = fork(module, {
    env: { ...process.env, DATABASE_URL: settings.databaseUrl, CONNECTIONS: `${settings.connections}` },
    execArgv: ["--expose-gc", ...(profiles ? ["--cpu-prof", `--cpu-prof-dir=${profiles}`] : [])],
  });
  const endedEarly = () => {
    throw new Error(`${module} ended early`);
  };
  child.once("exit", endedEarly);
  const reply = async () => (await once(child, "message"))[0];
  const request = (what: "usage" | "usage after collection"): Promise<Usage> => {
    child.send(what);
    return reply();
  };
  return {
    url: await reply(),
    usage: () => request("usage"),
    usageAfterCollection: () => request("usage after collection"),
    async end() {
      child.off("exit", endedEarly);
      child.disconnect();
      await once(child, "exit");
    },
  };
}
