import { mkdirSync, mkdtempSync, readdirSync, rmSync, watch, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { build, stop } from "esbuild";
import { bundleOptions } from "../bundle.ts";
import { reasons } from "../reasons.ts";
import { type Handler, noted } from "./request-log.ts";

const require = createRequire(import.meta.url);

/** How long to wait for further edits, in milliseconds: an editor may write a file in several steps. */
const QUIET = 50;

/**
 * Bundles the functions as for AWS and loads them, and does so again after each edit of their sources. `outdir` gets
 * a module for each function. The module's file never changes, and its `handler` is the one loaded last, so a request
 * runs either only old code or only new code. If an edit cannot be bundled or loaded, the error is printed and the
 * functions loaded before stay in use.
 *
 * @throws Error if the functions cannot be bundled or loaded at the start
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
 * Bundles and loads all functions, or fails, since an editor may be in the middle of writing a file. Returns the
 * handlers, and the folders of their sources.
 */
async function bundled(outdir: string): Promise<{ handlers: Map<string, Handler>; folders: Set<string> }> {
  // In `outdir`, since modules that are not in the bundles are resolved from there.
  const folder = mkdtempSync(path.join(outdir, "build-"));
  try {
    const { metafile } = await build({
      ...bundleOptions(folder),
      sourcemap: "inline",
      metafile: true,
      logLevel: "silent", // the error that it throws has the details
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
    await stop(); // else esbuild's process stays and keeps the output streams of this one open
    for (const file of readdirSync(folder)) delete require.cache[require.resolve(path.join(folder, file))];
    rmSync(folder, { recursive: true });
  }
}

/** The module of a function, which serverless-offline loads once and keeps. */
function moduleOf(outdir: string, name: string): { handler?: Handler } {
  const file = path.join(outdir, name);
  if (!(file in require.cache)) writeFileSync(file, "");
  return require(file);
}
