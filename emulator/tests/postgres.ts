import type { TestProject } from "vitest/node";
import { startTemporaryPostgres } from "../src/index.ts";

declare module "vitest" {
  interface ProvidedContext {
    databaseUrl: string;
  }
}

/** Gives the tests a PostgreSQL of their own, empty at the start of each run. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { url, remove } = await startTemporaryPostgres();
  project.provide("databaseUrl", url);
  return remove;
}
