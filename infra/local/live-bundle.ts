import { createRequire } from "node:module";
import { context, type Plugin } from "esbuild";
import { bundleOptions } from "../bundle.ts";

const { cache } = createRequire(import.meta.url);

/**
 * Bundles the functions as for AWS into `outdir`, and again at each edit: what this process had loaded of them is
 * then forgotten, so that the next request loads it anew.
 *
 * @throws Error if the functions cannot be bundled now; a fault that is edited in later is only printed
 */
export async function keepBundled(outdir: string, onReload: () => void): Promise<void> {
  const first = Promise.withResolvers<void>();
  let loaded = false;
  const forget: Plugin = {
    name: "forget-loaded",
    setup: (build) =>
      build.onEnd(({ errors }) => {
        if (errors.length > 0) return first.reject(new Error("the functions cannot be bundled"));
        for (const file of Object.keys(cache)) if (file.startsWith(outdir)) delete cache[file];
        if (loaded) onReload();
        loaded = true;
        first.resolve();
      }),
  };
  process.setSourceMapsEnabled(true);
  const bundling = await context({ ...bundleOptions(outdir), sourcemap: "linked", plugins: [forget] });
  await bundling.watch();
  await first.promise;
}
