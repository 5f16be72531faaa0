// Checks the installation before anything else is loaded, and reports in one line what is missing. It is plain
// JavaScript, since the Node that runs it may not support TypeScript.
import { createRequire } from "node:module";

const { resolve } = createRequire(import.meta.url);
try {
  resolve(`@esbuild/${process.platform}-${process.arch}/package.json`);
} catch {
  stop("the packages for this platform are not installed: run `npm ci --include=optional`");
}
if (!process.features.typescript)
  stop(
    `Node ${process.version} does not run TypeScript: use 22.18 or newer, or one of the platforms of package.json`,
  );

/** @param {string} reason */
function stop(reason) {
  console.error(`Cannot start: ${reason}`);
  process.exit(1);
}
