import type { TestProject } from "vitest/node";
import { startTemporaryPostgres } from "../src/index.ts";

declare module "vitest" {
  interface ProvidedContext {
    databaseUrl: string;
  }
}

/** Starts an empty PostgreSQL for each test run. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { url, remove } = await startTemporaryPostgres();
  project.provide("databaseUrl", url);
  return remove;
}
