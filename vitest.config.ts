import { configDefaults, defineConfig, type TestProjectInlineConfiguration } from "vitest/config";
import { ignoreCallersSettings } from "./infra/local/environment.ts";

ignoreCallersSettings(); // those of the tests' own processes come after

const postgres = "tests/support/postgres.ts";
const dataApi = "tests/support/data-api.ts";
const templates = "tests/package/templates.ts";
const serverlessOffline = "tests/support/serverless-offline.ts";
const functions = "tests/support/functions.ts";
const api = "tests/api/setup.ts";

/** A project of the tests in the folder of its name. */
const project = (options: TestProjectInlineConfiguration["test"] & { name: string }) => ({
  extends: true as const,
  test: { include: [`tests/${options.name}/**/*.test.ts`], ...options },
});

/** The API suite over HTTP: against the service in API_BASE_URL if there is one, else against a local run. */
const apiOverHttp = {
  name: "api-http",
  include: ["tests/api/**/*.test.ts"],
  exclude: [...configDefaults.exclude, "**/*.handler.test.ts"],
  provide: { apiMode: "http" as const },
  setupFiles: [api],
};

const local = [
  project({
    name: "data-api",
    include: ["emulator/tests/**/*.test.ts"],
    globalSetup: ["emulator/tests/postgres.ts"],
  }),
  project({ name: "lib", globalSetup: [postgres, dataApi], setupFiles: [functions] }),
  project({
    name: "api-handler",
    include: ["tests/api/**/*.test.ts"],
    exclude: [...configDefaults.exclude, "**/*.http.test.ts"],
    provide: { apiMode: "handler" },
    globalSetup: [postgres, dataApi],
    setupFiles: [functions, api],
  }),
  project({ ...apiOverHttp, globalSetup: [postgres, serverlessOffline] }),
  project({ name: "contract", globalSetup: [postgres, serverlessOffline] }),
  project({
    name: "on-sale",
    globalSetup: [postgres, dataApi, serverlessOffline],
    sequence: { groupOrder: 1 }, // by itself, after all others: it takes the whole machine
  }),
  project({
    name: "reliability",
    globalSetup: [postgres, dataApi],
    setupFiles: [functions],
    maxConcurrency: 12, // they wait more than they work; more would need more connections than PostgreSQL has
    sequence: { groupOrder: 2 },
  }),
  project({
    name: "local",
    testTimeout: 180_000, // several starts of the service in one test, on a busy machine
    hookTimeout: 180_000,
    sequence: { groupOrder: 3 },
  }),
  project({ name: "package", globalSetup: [postgres, dataApi, templates], sequence: { groupOrder: 4 } }),
  project({
    name: "deploy",
    globalSetup: [postgres, dataApi],
    testTimeout: 300_000,
    sequence: { groupOrder: 6 },
  }),
];

export default defineConfig({
  test: {
    silent: "passed-only",
    maxWorkers: 2,
    // Milliseconds, long enough for a busy machine: no test is about time.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    projects: process.env.API_BASE_URL ? [project(apiOverHttp)] : local,
  },
});
