import type { TestProject } from "vitest/node";
import { startLocalDatabase } from "../../infra/local/database.ts";
import type { DataApiOptions } from "../../lib/data-api.ts";

declare module "vitest" {
  interface ProvidedContext {
    dataApiUrl: string;
    /** In which the functions find the Data API emulator. */
    functionsEnvironment: Record<string, string>;
    /** How to reach the database with the rights of the functions' role, and with all rights. */
    functionsDatabase: DataApiOptions;
    ownerDatabase: DataApiOptions;
  }
}

/** Starts the Data API emulator over the tests' PostgreSQL, and applies the migrations through it. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const database = await startLocalDatabase(project.getProvidedContext().databaseUrl);
  await database.migrate();
  project.provide("dataApiUrl", database.emulator.url);
  project.provide("functionsEnvironment", {
    ...database.functionsEnvironment,
    POWERTOOLS_DEV: "true", // logs by the console, which the test runner keeps to the tests that fail
  });
  project.provide("functionsDatabase", database.functionsOptions);
  project.provide("ownerDatabase", database.ownerOptions);
  return () => database.emulator.close();
}
