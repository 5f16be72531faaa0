import { execFile } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";

const VERSION = "3.3.0";

/**
 * Installs AWS's runtime interface client for Node, the program that calls handlers on Lambda. It compiles native code
 * (minutes, once) with CMake, Autotools and a C++ compiler, so it is not a dependency of this project.
 *
 * @returns the path of its program
 * @throws Error with a one-line message if it cannot be installed
 */
export async function awsRuntime(): Promise<string> {
  // Not in the project folder, because the build fails if the path contains a space.
  const cache = path.join(homedir(), ".cache/ticket-allocation");
  const folder = path.join(cache, `aws-lambda-ric-${VERSION}-${process.arch}`);
  if (!existsSync(folder)) {
    const unfinished = `${folder}.${process.pid}`;
    mkdirSync(unfinished, { recursive: true });
    try {
      const name = "aws-lambda-ric";
      const manifest = { private: true, dependencies: { [name]: VERSION }, allowScripts: { [name]: true } };
      writeFileSync(path.join(unfinished, "package.json"), JSON.stringify(manifest));
      await promisify(execFile)("npm", ["install", "--no-audit", "--no-fund", "--omit=dev"], {
        cwd: unfinished,
        maxBuffer: 64 * 1024 * 1024,
      });
      renameSync(unfinished, folder);
    } catch (error) {
      rmSync(unfinished, { recursive: true, force: true });
      const { stderr = "" } = error as { stderr?: string };
      const reason = stderr
        .split("\n")
        .findLast((line) => /not found|error|ERR/i.test(line) && !/log of this run/.test(line));
      throw new Error(`aws-lambda-ric ${VERSION} could not be installed: ${reason?.trim() ?? error}`);
    }
  }
  return path.join(folder, "node_modules/aws-lambda-ric/bin/index.mjs");
}
