import { configDefaults, defineConfig, type TestProjectConfiguration } from "vitest/config";
import { ignoreCallersSettings } from "./infra/local/environment.ts";

ignoreCallersSettings(); // those of the tests' own processes come after

const postgres = "tests/support/postgres.ts";
const dataApi = "tests/support/data-api.ts";
const templates = "tests/support/templates.ts";
const serverlessOffline = "tests/support/serverless-offline.ts";

/** Milliseconds, long enough for a busy machine: no test is about time. */
const timeouts = { testTimeout: 60_000, hookTimeout: 60_000 };

/** The API suite over HTTP: against the service in API_BASE_URL if there is one, else against a local run. */
const apiHttp = {
  name: "api-http",
  include: ["tests/api/**/*.test.ts"],
  exclude: [...configDefaults.exclude, "**/*.handler.test.ts"],
  provide: { apiMode: "http" as const },
  ...timeouts,
};

const local: TestProjectConfiguration[] = [
  {
    test: {
      name: "data-api",
      include: ["tests/data-api/**/*.test.ts", "tests/data-api-clients/**/*.test.ts"],
      globalSetup: [postgres],
      ...timeouts,
    },
  },
  {
    test: {
      name: "lib",
      include: ["tests/lib/**/*.test.ts"],
      globalSetup: [postgres, dataApi],
      setupFiles: ["tests/support/functions.ts"],
      ...timeouts,
    },
  },
  {
    test: {
      name: "api-handler",
      include: ["tests/api/**/*.test.ts"],
      exclude: [...configDefaults.exclude, "**/*.http.test.ts"],
      provide: { apiMode: "handler" },
      globalSetup: [postgres, dataApi],
      setupFiles: ["tests/support/functions.ts"],
      ...timeouts,
    },
  },
  { test: { ...apiHttp, globalSetup: [postgres, serverlessOffline] } },
  {
    test: {
      name: "contract",
      include: ["tests/contract/**/*.test.ts"],
      globalSetup: [postgres, serverlessOffline],
      ...timeouts,
    },
  },
  {
    test: {
      name: "on-sale",
      include: ["tests/on-sale/**/*.test.ts"],
      globalSetup: [postgres, dataApi, serverlessOffline],
      ...timeouts,
      sequence: { groupOrder: 1 }, // by itself, after all others: it takes the whole machine
    },
  },
  {
    test: {
      name: "reliability",
      include: ["tests/reliability/**/*.test.ts"],
      globalSetup: [postgres, dataApi],
      setupFiles: ["tests/support/functions.ts"],
      ...timeouts,
      maxConcurrency: 12, // they wait more than they work; more would need more connections than PostgreSQL has
      sequence: { groupOrder: 2 },
    },
  },
  {
    test: {
      name: "local",
      include: ["tests/local/**/*.test.ts"],
      ...timeouts,
      testTimeout: 180_000, // several starts of the service in one test, on a busy machine
      hookTimeout: 180_000,
      sequence: { groupOrder: 3 },
    },
  },
  {
    test: {
      name: "package",
      include: ["tests/package/**/*.test.ts"],
      globalSetup: [postgres, dataApi, templates],
      ...timeouts,
      sequence: { groupOrder: 4 },
    },
  },
  {
    test: {
      name: "deploy",
      include: ["tests/deploy/**/*.test.ts"],
      globalSetup: [postgres, dataApi],
      ...timeouts,
      testTimeout: 300_000,
      sequence: { groupOrder: 6 },
    },
  },
];

export default defineConfig({
  test: {
    silent: "passed-only",
    maxWorkers: 2,
    projects: process.env.API_BASE_URL ? [{ test: apiHttp }] : local,
  },
});
