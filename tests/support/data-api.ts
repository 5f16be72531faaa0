import type { TestProject } from "vitest/node";
import { startLocalDatabase } from "../../infra/local/database.ts";
import type { DataApiOptions } from "../../lib/data-api.ts";

declare module "vitest" {
  interface ProvidedContext {
    dataApiUrl: string;
    /** Environment variables with which the functions use the Data API emulator. */
    functionsEnvironment: Record<string, string>;
    /** Options of a Data API client with the rights of the functions' role, and with all rights. */
    functionsDatabase: DataApiOptions;
    ownerDatabase: DataApiOptions;
  }
}

/** Starts the Data API emulator for the tests' PostgreSQL and applies the migrations through it. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const database = await startLocalDatabase(project.getProvidedContext().databaseUrl);
  await database.migrate();
  project.provide("dataApiUrl", database.emulator.url);
  project.provide("functionsEnvironment", {
    ...database.functionsEnvironment,
    POWERTOOLS_DEV: "true", // logs to the console, which the test runner shows only for failed tests
  });
  project.provide("functionsDatabase", database.functionsOptions);
  project.provide("ownerDatabase", database.ownerOptions);
  return () => database.emulator.close();
}
