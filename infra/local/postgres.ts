import { spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
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

const PASSWORD = "password";

/**
 * Starts the embedded PostgreSQL, making its data on the first start. A server that an earlier process left behind
 * (`kill -9`) is taken over. The server ends with this process at the latest.
 *
 * @throws Error if another living process uses the server; else with PostgreSQL's own words.
 */
export async function startPostgres(place: ServerPlace): Promise<Postgres> {
  const data = path.join(place.home, "data");
  const stop = () => stopServer(place, data);

  if (!existsSync(data)) await initialise(place, data);
  let owner = await claimRunning(place, data);
  process.once("exit", stop); // not before a running server is ours
  if (!owner) {
    const options = `-p ${await freePort("127.0.0.1")} -c listen_addresses=127.0.0.1 -c unix_socket_directories=''`;
    const log = path.join(place.home, "log");
    try {
      await run(place, "pg_ctl", ["start", "--wait", "--pgdata", data, "--log", log, "--options", options]);
      owner = await claim(place, data);
    } catch (error) {
      process.off("exit", stop); // what runs there, if anything, was started by another at the same moment
      throw error;
    }
  }

  const existing = await owner.query("select from pg_database where datname = 'tickets'");
  if (existing.rowCount === 0) await owner.query("create database tickets");
  return {
    url: `${serverUrl(place, data)}/tickets`,
    stop: () => {
      process.off("exit", stop);
      stop();
    },
  };
}

/** The URL of the server that another living process may be using, or else of one that is started for this process. */
export async function reachPostgres(place: ServerPlace): Promise<string> {
  const data = path.join(place.home, "data");
  return isRunning(place, data) ? `${serverUrl(place, data)}/tickets` : (await startPostgres(place)).url;
}

/**
 * Deletes the database, whatever state it is in.
 *
 * @throws Error if a living process uses it
 */
export async function removePostgres(place: ServerPlace): Promise<void> {
  const data = path.join(place.home, "data");
  const owner = await claimRunning(place, data);
  if (owner) {
    await owner.end();
    stopServer(place, data);
  }
  place.remove();
}

/** Under another name until it is whole: initdb may be interrupted. */
async function initialise(place: ServerPlace, data: string): Promise<void> {
  const passwordFile = path.join(place.home, PASSWORD);
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

/**
 * The claim on a server that an earlier process left behind, if there is one.
 *
 * @throws Error if a living process uses it
 */
async function claimRunning(place: ServerPlace, data: string): Promise<pg.Client | undefined> {
  if (!isRunning(place, data)) return undefined;
  try {
    return await claim(place, data);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ECONNREFUSED") throw error;
    // The process of that number is another by now: the server ended without deleting its file.
    rmSync(path.join(data, "postmaster.pid"));
    return undefined;
  }
}

/**
 * Synchronous, because it must also work while the process exits. A busy disk can make the checkpoint of an orderly end
 * take long; the other mode goes without, and the next start recovers from the log.
 */
function stopServer(place: ServerPlace, data: string): void {
  for (const mode of ["fast", "immediate"]) {
    if (!existsSync(path.join(data, "postmaster.pid"))) return;
    const args = ["stop", "--wait", "--timeout", "10", "--pgdata", data, "--mode", mode];
    spawnSync(place.program("pg_ctl"), args, place.spawnOptions);
  }
}

function isRunning(place: ServerPlace, data: string): boolean {
  return spawnSync(place.program("pg_ctl"), ["status", "--pgdata", data], place.spawnOptions).status === 0;
}

async function run(place: ServerPlace, program: "initdb" | "pg_ctl", args: string[]): Promise<void> {
  // In a session of its own: a Ctrl-C in the terminal is for this process, which ends the server in its own time.
  const child = spawn(place.program(program), args, { ...place.spawnOptions, detached: true });
  const printed: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => printed.push(chunk));
  const [status] = await once(child, "close");
  if (status !== 0) throw new Error(`${program} failed: ${Buffer.concat(printed).toString().trim()}`);
}

function serverUrl(place: ServerPlace, data: string): string {
  const port = readFileSync(path.join(data, "postmaster.pid"), "utf8").split("\n")[3];
  const password = readFileSync(path.join(place.home, PASSWORD), "utf8");
  return `postgres://postgres:${password}@127.0.0.1:${port}`;
}

/** Marks the server as in use for as long as the connection lives. */
async function claim(place: ServerPlace, data: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: `${serverUrl(place, data)}/postgres` });
  client.on("error", () => {}); // when the server ends
  await client.connect();
  const { rows } = await client.query("select pg_try_advisory_lock($1) as free", [IN_USE_LOCK]);
  if (rows[0].free) return client;
  await client.end();
  throw new Error("the local database is in use by another run: end that one first");
}
