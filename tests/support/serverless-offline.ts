import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout } from "node:timers/promises";
import type { TestProject } from "vitest/node";
import { freePort } from "../../emulator/src/index.ts";

declare module "vitest" {
  interface ProvidedContext {
    apiBaseUrl: string;
    apiMode: "http" | "handler";
  }
}

/** Runs the service as `npm run dev` does, with the tests' PostgreSQL and on free ports. */
export default async function setup(project: TestProject): Promise<() => void> {
  const [httpPort, lambdaPort] = [await freePort("127.0.0.1"), await freePort("127.0.0.1")];
  const ports = ["--httpPort", `${httpPort}`, "--lambdaPort", `${lambdaPort}`];
  const offline = spawn("serverless", ["offline", ...ports], {
    env: { ...process.env, DATABASE_URL: project.getProvidedContext().databaseUrl },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = once(offline, "exit");

  const printed: string[] = [];
  const ready = new Promise<void>((resolve) => {
    for (const stream of [offline.stdout, offline.stderr]) {
      createInterface(stream).on("line", (line) => {
        if (line.startsWith("Ready.")) resolve();
        printed.push(line);
        if (printed.length > 200) printed.shift();
      });
    }
  });
  const limit = new AbortController();
  const outcome = await Promise.race([
    ready,
    ended.then(() => "ended"),
    setTimeout(60_000, "did not get ready", { signal: limit.signal }),
  ]);
  limit.abort();
  if (outcome) {
    offline.kill();
    throw new Error(`serverless offline ${outcome}:\n${printed.join("\n")}`);
  }
  project.provide("apiBaseUrl", `http://127.0.0.1:${httpPort}`);
  // This process does not end before serverless offline has ended.
  return () => void offline.kill("SIGINT");
}
