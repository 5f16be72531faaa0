import { readdirSync } from "node:fs";
import path from "node:path";
import type { BuildOptions } from "esbuild";

const functions = path.join(import.meta.dirname, "../functions");

/**
 * How esbuild makes one file of each function, with all that it needs in it. CommonJS, which Node loads faster than
 * ES modules, and which can be loaded anew (docs/decisions.md).
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
    mainFields: ["module", "main"], // the SDK's ES modules leave out more of what is not used
    alias: {
      "@aws-sdk/credential-provider-node": path.join(import.meta.dirname, "environment-credentials.ts"),
    },
    // Loaded on demand, which the Data API never makes. Were it in the bundle, nothing of what it shares with the rest
    // of the SDK could be left out.
    external: ["@smithy/core/event-streams"],
    legalComments: "none",
    logLevel: "warning",
  } satisfies BuildOptions;
}
