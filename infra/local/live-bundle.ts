import { readdirSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { context, type Plugin } from "esbuild";
import { bundleOptions } from "../bundle.ts";

const require = createRequire(import.meta.url);

/**
 * Bundles the functions as for AWS into `outdir`, and loads them; at each edit again, in place of what was loaded. An
 * edit that cannot be bundled or loaded is printed, and what was loaded before goes on serving.
 *
 * @throws Error if the functions cannot be bundled or loaded now
 */
export async function keepBundled(outdir: string, onReload: () => void): Promise<void> {
  const first = Promise.withResolvers<void>();
  let loaded = false;
  const reload: Plugin = {
    name: "reload",
    setup: (build) =>
      build.onEnd(({ errors }) => {
        try {
          if (errors.length > 0) throw new Error("the functions cannot be bundled");
          loadAnew(outdir);
          if (loaded) onReload();
          loaded = true;
          first.resolve();
        } catch (error) {
          if (loaded) console.error(`Not reloaded: ${error instanceof Error ? error.message : error}`);
          first.reject(error);
        }
      }),
  };
  process.setSourceMapsEnabled(true);
  const bundling = await context({ ...bundleOptions(outdir), sourcemap: "linked", plugins: [reload] });
  await bundling.watch();
  await first.promise;
}

/** All or none, for an editor may be half way through writing a file. */
function loadAnew(outdir: string): void {
  const bundles = readdirSync(outdir).filter((file) => file.endsWith(".cjs"));
  const files = bundles.map((file) => path.join(outdir, file));
  const before = files.map((file) => require.cache[file]);
  try {
    for (const file of files) {
      delete require.cache[file];
      if (typeof require(file).handler !== "function")
        throw new Error(`${path.basename(file)} has no handler`);
    }
  } catch (error) {
    for (const [index, file] of files.entries()) require.cache[file] = before[index];
    throw error;
  }
}
