import { configDefaults, defineConfig, type TestProjectInlineConfiguration } from "vitest/config";
import { ignoreCallersSettings } from "./infra/local/environment.ts";

ignoreCallersSettings(); // before the tests' processes set their own variables

const postgres = "tests/support/postgres.ts";
const dataApi = "tests/support/data-api.ts";
const templates = "tests/package/templates.ts";
const serverlessOffline = "tests/support/serverless-offline.ts";
const functions = "tests/support/functions.ts";
const api = "tests/api/setup.ts";

/** A project with the tests in the folder of the same name. */
const project = (options: TestProjectInlineConfiguration["test"] & { name: string }) => ({
  extends: true as const,
  test: { include: [`tests/${options.name}/**/*.test.ts`], ...options },
});

/** The API suite over HTTP, against the service at API_BASE_URL if it is set, else against a local run. */
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
    sequence: { groupOrder: 1 }, // alone: it uses the whole machine
  }),
  project({
    name: "reliability",
    globalSetup: [postgres, dataApi],
    setupFiles: [functions],
    maxConcurrency: 12, // these tests mostly wait
    sequence: { groupOrder: 2 },
  }),
  project({
    name: "local",
    testTimeout: 180_000, // one test may start the service several times, on a busy machine
    hookTimeout: 180_000,
    sequence: { groupOrder: 3 },
  }),
  project({ name: "package", globalSetup: [postgres, dataApi, templates], sequence: { groupOrder: 4 } }),
  project({
    name: "deploy",
    globalSetup: [postgres, dataApi],
    testTimeout: 300_000,
    sequence: { groupOrder: 5 },
  }),
];

export default defineConfig({
  test: {
    silent: "passed-only",
    maxWorkers: 2,
    // In milliseconds, long enough for a busy machine: no test measures time.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    projects: process.env.API_BASE_URL ? [project(apiOverHttp)] : local,
  },
});
