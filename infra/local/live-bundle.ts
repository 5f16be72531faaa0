import { mkdirSync, mkdtempSync, readdirSync, rmSync, watch, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { build, stop } from "esbuild";
import { bundleOptions } from "../bundle.ts";
import { reasons } from "../reasons.ts";
import { type Handler, noted } from "./request-log.ts";

const require = createRequire(import.meta.url);

/** Milliseconds in which nothing more is written: an editor may write a file in several steps. */
const QUIET = 50;

/**
 * Bundles the functions as for AWS and loads them; at each edit of what they are made of again. `outdir` gets a module
 * for each function, whose file never changes and whose `handler` is always the one loaded last, so that a request
 * meets either all of the old code or all of the new. An edit that cannot be bundled or loaded is printed, and what was
 * loaded before goes on serving.
 *
 * @throws Error if the functions cannot be bundled or loaded now
 */
export async function keepBundled(outdir: string, onReload: () => void): Promise<void> {
  mkdirSync(outdir, { recursive: true });
  process.setSourceMapsEnabled(true);
  const watched = new Set<string>();
  const reload = async () => {
    const { handlers, folders } = await bundled(outdir);
    for (const [name, handler] of handlers) moduleOf(outdir, name).handler = noted(handler);
    for (const folder of folders) {
      if (watched.has(folder)) continue;
      watched.add(folder);
      watch(folder, (_event, file) => file?.endsWith(".ts") === false || edited());
    }
  };

  let pending: NodeJS.Timeout | undefined;
  let reloading = Promise.resolve();
  function edited(): void {
    clearTimeout(pending);
    pending = setTimeout(() => {
      reloading = reloading.then(reload).then(onReload, (error) => {
        console.error(`Not reloaded: ${reasons(error).join(": ")}`);
      });
    }, QUIET);
  }

  await reload();
}

/**
 * The handler of each function as it is now, and the folders that hold what they are made of. All or none, for an
 * editor may be half way through writing a file.
 */
async function bundled(outdir: string): Promise<{ handlers: Map<string, Handler>; folders: Set<string> }> {
  // In `outdir`, for what is not in the bundles is looked for from there.
  const folder = mkdtempSync(path.join(outdir, "build-"));
  try {
    const { metafile } = await build({
      ...bundleOptions(folder),
      sourcemap: "inline",
      metafile: true,
      logLevel: "silent", // what it throws says it all
    });
    const handlers = readdirSync(folder).map((file): [string, Handler] => {
      const { handler } = require(path.join(folder, file));
      if (typeof handler !== "function") throw new Error(`${file} has no handler`);
      return [file, handler];
    });
    const own = Object.keys(metafile.inputs).filter((file) => !file.includes("node_modules/"));
    const folders = own.map((file) => path.resolve(path.dirname(file)));
    return { handlers: new Map(handlers), folders: new Set(folders) };
  } finally {
    await stop(); // or esbuild's own process stays, and inherits what this one prints to
    for (const file of readdirSync(folder)) delete require.cache[require.resolve(path.join(folder, file))];
    rmSync(folder, { recursive: true });
  }
}

/** The module that serverless-offline finds by the function's name, and keeps. */
function moduleOf(outdir: string, name: string): { handler?: Handler } {
  const file = path.join(outdir, name);
  if (!(file in require.cache)) writeFileSync(file, "");
  return require(file);
}
