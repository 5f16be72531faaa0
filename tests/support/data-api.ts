import type { TestProject } from "vitest/node";
import { startLocalDatabase } from "../../infra/local/database.ts";

declare module "vitest" {
  interface ProvidedContext {
    dataApiUrl: string;
    /** In which the functions find the Data API stand-in. */
    functionsEnvironment: Record<string, string>;
    /** In which `lib/` has all rights. */
    ownerEnvironment: Record<string, string>;
  }
}

/** Starts the Data API stand-in over the tests' PostgreSQL, and applies the migrations through it. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const database = await startLocalDatabase(project.getProvidedContext().databaseUrl);
  await database.migrate();
  project.provide("dataApiUrl", database.dataApi.url);
  project.provide("functionsEnvironment", {
    ...database.functionsEnvironment,
    POWERTOOLS_DEV: "true", // logs by the console, which the test runner keeps to the tests that fail
  });
  project.provide("ownerEnvironment", database.ownerEnvironment);
  return () => database.dataApi.close();
}
