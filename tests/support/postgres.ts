import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { TestProject } from "vitest/node";
import { startPostgres } from "../../infra/local/postgres.ts";
import { serverPlace } from "../../infra/local/server-place.ts";

declare module "vitest" {
  interface ProvidedContext {
    databaseUrl: string;
  }
}

process.setMaxListeners(30); // each project's server ends with this process at the latest

/** Gives the tests a PostgreSQL of their own, empty at the start of each run. */
export default async function setup(project: TestProject): Promise<() => void> {
  const home = mkdtempSync(path.join(tmpdir(), "ticket-allocation-"));
  chmodSync(home, 0o755); // as root, the server runs as another user
  const postgres = await startPostgres(serverPlace(path.join(home, "postgres")));
  // If the tests are interrupted; after the server, which ends when this process does.
  process.once("exit", () => rmSync(home, { recursive: true, force: true }));
  project.provide("databaseUrl", postgres.url);
  return () => {
    // Not one after the other: the runner waits for each project's, and then for what goes on in this process.
    void postgres.remove();
  };
}
