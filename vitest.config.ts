import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    projects: [
      { test: { name: "unit", include: ["tests/unit/**/*.test.ts"] } },
      {
        test: {
          name: "data-api",
          include: ["tests/data-api/**/*.test.ts"],
          globalSetup: ["tests/support/postgres.ts"],
        },
      },
    ],
  },
});
