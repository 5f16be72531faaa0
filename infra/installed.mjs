// Before what needs it: says in one line what an install left out. Plain JavaScript, for the Node that runs this may
// be the machine's own, which may know no TypeScript.
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
