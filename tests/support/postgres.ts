import type { TestProject } from "vitest/node";
import { startTemporaryPostgres } from "../../emulator/src/index.ts";

declare module "vitest" {
  interface ProvidedContext {
    databaseUrl: string;
  }
}

process.setMaxListeners(30); // each project's server adds an exit listener

/** Starts a PostgreSQL for the tests, which is empty at the start of each run. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { url, remove } = await startTemporaryPostgres();
  project.provide("databaseUrl", url);
  return remove;
}
