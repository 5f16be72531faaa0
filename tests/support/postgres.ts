import type { TestProject } from "vitest/node";
import { startTemporaryPostgres } from "../../emulator/src/index.ts";

declare module "vitest" {
  interface ProvidedContext {
    databaseUrl: string;
  }
}

process.setMaxListeners(30); // each project's server ends with this process at the latest

/** Gives the tests a PostgreSQL of their own, empty at the start of each run. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { url, remove } = await startTemporaryPostgres();
  project.provide("databaseUrl", url);
  return remove;
}
