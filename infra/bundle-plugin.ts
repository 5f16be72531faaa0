import { cpSync, existsSync, rmSync } from "node:fs";
import path from "node:path";
import { build } from "esbuild";
import { bundleOptions } from "./bundle.ts";
import { migrationsDirectory } from "./migration-files.ts";

const migrateResource = path.join(import.meta.dirname, "aws/migrate-resource.ts");

/** The part of the Serverless Framework that this plugin uses. */
interface Serverless {
  service: { functions: Record<string, { handler?: string; package?: { patterns: string[] } }> };
}

/** Serverless plugin: bundles the functions into `dist` before `serverless package` and `deploy` zip them. */
export default class BundlePlugin {
  readonly hooks = {
    // A function has the name of its file in functions/. Its zip holds only its bundle, unless serverless.yml says
    // otherwise.
    initialize: async () => {
      for (const [name, definition] of Object.entries(this.#serverless.service.functions)) {
        definition.handler ??= `dist/${name}.handler`;
        definition.package ??= { patterns: [`dist/${name}.cjs`] };
      }
    },
    "before:package:createDeploymentArtifacts": async () => {
      rmSync("dist", { recursive: true, force: true });
      const options = { ...bundleOptions("dist"), minify: true, sourcemap: "external" as const };
      await Promise.all([
        build(options),
        build({
          ...options,
          entryPoints: [{ in: migrateResource, out: "migrate" }],
          define: { "import.meta.dirname": "__dirname" },
        }),
      ]);
      cpSync(migrationsDirectory, "dist/migrations", { recursive: true });
      for (const name of Object.keys(this.#serverless.service.functions))
        if (!existsSync(`dist/${name}.cjs`))
          throw new Error(`function ${name} has no file functions/${name}.ts`);
    },
  };
  readonly #serverless: Serverless;

  constructor(serverless: Serverless) {
    this.#serverless = serverless;
  }
}
