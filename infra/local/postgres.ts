import { execFile, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import pg from "pg";
import { freePort } from "./ports.ts";
import type { ServerPlace } from "./server-place.ts";

/** A running PostgreSQL server. */
export interface Postgres {
  /** Connection URL of the database `tickets`, as the server's owner. */
  url: string;
  /** Stops the server and waits for its end. */
  stop(): void;
}

/** Held on one connection while a process uses the server, so that it goes with the process, `kill -9` included. */
const IN_USE_LOCK = 4_816_035;

/**
 * Starts the embedded PostgreSQL, making its data on the first start. A server that an earlier process left behind
 * (`kill -9`) is taken over. The server ends with this process at the latest.
 *
 * @throws Error if another living process uses the server; else with PostgreSQL's own words.
 */
export async function startPostgres(place: ServerPlace): Promise<Postgres> {
  const data = path.join(place.home, "data");
  const passwordFile = path.join(place.home, "password");
  const stop = () => stopServer(place, data);

  if (!existsSync(data)) await initialise(place, data, passwordFile);
  process.once("exit", stop);
  if (!isRunning(place, data)) {
    const options = `-p ${await freePort("127.0.0.1")} -c listen_addresses=127.0.0.1 -c unix_socket_directories=''`;
    await run(place, "pg_ctl", [
      "start",
      "-w",
      "-D",
      data,
      "-l",
      path.join(place.home, "log"),
      "-o",
      options,
    ]);
  }

  const port = readFileSync(path.join(data, "postmaster.pid"), "utf8").split("\n")[3];
  const server = `postgres://postgres:${readFileSync(passwordFile, "utf8")}@127.0.0.1:${port}`;
  try {
    await claim(`${server}/postgres`);
  } catch (error) {
    process.off("exit", stop);
    throw error;
  }
  return {
    url: `${server}/tickets`,
    stop: () => {
      process.off("exit", stop);
      stop();
    },
  };
}

/** Under another name until it is whole: initdb may be interrupted. */
async function initialise(place: ServerPlace, data: string, passwordFile: string): Promise<void> {
  const unfinished = `${data}.unfinished`;
  rmSync(unfinished, { recursive: true, force: true });
  rmSync(passwordFile, { force: true });
  writeFileSync(passwordFile, randomBytes(18).toString("base64url"), {
    mode: 0o600,
  });
  place.give(passwordFile);
  await run(place, "initdb", [
    ...[
      "--pgdata",
      unfinished,
      "--username",
      "postgres",
      "--auth",
      "scram-sha-256",
      "--pwfile",
      passwordFile,
    ],
    ...["--encoding", "UTF8", "--locale", "C", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"],
    ...["--no-sync", "--no-instructions"],
  ]);
  renameSync(unfinished, data);
}

function isRunning(place: ServerPlace, data: string): boolean {
  return spawnSync(place.program("pg_ctl"), ["status", "-D", data], place.spawnOptions).status === 0;
}

/** Synchronous, because it must also work while the process exits. */
function stopServer(place: ServerPlace, data: string): void {
  if (!existsSync(path.join(data, "postmaster.pid"))) return;
  spawnSync(place.program("pg_ctl"), ["stop", "-w", "-D", data, "-m", "fast"], place.spawnOptions);
}

async function run(place: ServerPlace, program: "initdb" | "pg_ctl", args: string[]): Promise<void> {
  try {
    await promisify(execFile)(place.program(program), args, place.spawnOptions);
  } catch (error) {
    const { stderr, stdout } = error as { stderr?: string; stdout?: string };
    throw new Error(`${program} failed: ${stderr || stdout || (error as Error).message}`.trim(), {
      cause: error,
    });
  }
}

/** Takes the lock that marks the server as in use, and makes the database on the first start. */
async function claim(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => {}); // the server's end ends the claim too
  await client.connect();
  const { rows } = await client.query("select pg_try_advisory_lock($1) as free", [IN_USE_LOCK]);
  if (!rows[0].free) {
    await client.end();
    throw new Error("this folder's database is in use by another run of the local stack; end that one first");
  }
  const existing = await client.query("select from pg_database where datname = 'tickets'");
  if (existing.rowCount === 0) await client.query("create database tickets");
}
