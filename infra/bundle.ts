import { readdirSync } from "node:fs";
import path from "node:path";
import type { BuildOptions } from "esbuild";

const functions = path.join(import.meta.dirname, "../functions");

/**
 * The options with which esbuild bundles each function into one file. The format is CommonJS, which Node loads faster
 * than ES modules, and can reload (docs/decisions.md).
 */
export function bundleOptions(outdir: string) {
  return {
    entryPoints: readdirSync(functions).map((file) => path.join(functions, file)),
    outdir,
    outExtension: { ".js": ".cjs" },
    bundle: true,
    platform: "node",
    target: "node24",
    format: "cjs",
    mainFields: ["module", "main"], // tree shaking works better on the SDK's ES modules
    alias: {
      "@aws-sdk/credential-provider-node": path.join(import.meta.dirname, "environment-credentials.ts"),
    },
    // The SDK loads it on demand, and never for the Data API. In the bundle, it would prevent tree shaking of the
    // code that it shares with the rest of the SDK.
    external: ["@smithy/core/event-streams"],
    legalComments: "none",
    logLevel: "warning",
  } satisfies BuildOptions;
}
