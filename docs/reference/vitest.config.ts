import { defineConfig } from "vitest/config";
import { ignoreCallersSettings } from "../../infra/local/environment.ts";

ignoreCallersSettings();

export default defineConfig({
  test: {
    root: import.meta.dirname,
    globalSetup: ["../../tests/support/postgres.ts", "../../tests/support/serverless-offline.ts"],
    // Milliseconds, long enough for a busy machine: no test is about time.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
