import type { TestProject } from "vitest/node";
import { startDataApi } from "../../infra/local/data-api/server.ts";
import { localEnvironment } from "./environment.ts";

declare module "vitest" {
  interface ProvidedContext {
    dataApiUrl: string;
  }
}

/** Starts the Data API stand-in over the tests' PostgreSQL, and applies the migrations through it. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dataApi = await startDataApi({ databaseUrl: project.getProvidedContext().databaseUrl });
  project.provide("dataApiUrl", dataApi.url);
  Object.assign(process.env, localEnvironment(dataApi.url));
  const { migrate } = await import("../../infra/migrate.ts"); // only now: it reads the environment as it loads
  await migrate();
  return () => dataApi.close();
}
