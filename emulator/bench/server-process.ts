import { fork } from "node:child_process";
import { once } from "node:events";
import type { Usage } from "./reporting.ts";

/** A server in a process of its own. */
export interface ServerProcess {
  url: string;
  /** What the process has used since its start. */
  usage(): Promise<Usage>;
  /** Collects all garbage, then says the same. */
  usageAfterCollection(): Promise<Usage>;
  end(): Promise<void>;
}

/**
 * Starts a module that calls `reportToParent`. Should its process end early, so does this one.
 *
 * @param profiles a folder for a CPU profile of the process, if one is wanted
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
  const answer = async () => (await once(child, "message"))[0];
  const ask = (question: "usage" | "usage after collection"): Promise<Usage> => {
    child.send(question);
    return answer();
  };
  return {
    url: await answer(),
    usage: () => ask("usage"),
    usageAfterCollection: () => ask("usage after collection"),
    async end() {
      child.off("exit", endedEarly);
      child.disconnect();
      await once(child, "exit");
    },
  };
}
