import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import {
  appendFileSync,
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { rm } from "node:fs/promises";
import path from "node:path";
import { setTimeout } from "node:timers/promises";
import pg from "pg";
import { freePort } from "../ports.ts";
import { lastError, type Running, runningServer, runs, sendSignal, serverUrl } from "./postmaster.ts";
import { PASSWORD, type ServerPlace } from "./server-place.ts";

/** A running PostgreSQL server. */
export interface Postgres {
  /** Connection URL of the database, as the server's owner. */
  url: string;
  /** Stops the server and waits for its end. */
  stop(): void;
  /** Stops the server without a checkpoint, and deletes its data. */
  remove(): Promise<void>;
}

class InUse extends Error {
  constructor() {
    super("the local database is in use by another run: end that one first");
  }
}

/** Advisory lock that a process holds while it uses the server. It is released with the process, even by `kill -9`. */
const IN_USE_LOCK = 4_816_035;

/** Time limit in milliseconds to accept connections; a server that crashed first recovers from its log. */
const ACCEPT_LIMIT = 60_000;

/** Time limit in milliseconds of one attempt to connect; a suspended server never responds. */
const CONNECT_LIMIT = 5_000;

/** The SQLSTATE of a server that is starting or stopping. */
const CANNOT_CONNECT_NOW = "57P03";

/** Transient start errors: child processes of a killed server end a moment later; the port was taken concurrently. */
const TRANSIENT = /still in use|could not create any TCP\/IP sockets/;

/**
 * Starts the embedded PostgreSQL and creates its data on the first start. If an earlier process left a server running
 * (`kill -9`), this process takes it over. The server ends with this process at the latest, even if that exits early.
 *
 * @param database is created if it does not exist
 * @throws Error if another running process uses the server, if the data is of another major version, or if the server
 * does not start or accept connections in time, with PostgreSQL's error
 */
export async function startPostgres(place: ServerPlace, database: string): Promise<Postgres> {
  const data = path.join(place.home, "data");
  if (!existsSync(data)) await initialise(place, data);
  assertSameMajor(place, data);
  const { server, owner, stop } = (await takeOver(place, data)) ?? (await start(place, data));

  const existing = await owner.query("select from pg_database where datname = $1", [database]);
  if (existing.rowCount === 0) await owner.query(`create database ${pg.escapeIdentifier(database)}`);
  return {
    url: databaseUrl(place, server, database),
    stop: () => {
      process.off("exit", stop);
      stop();
    },
    remove: async () => {
      process.off("exit", stop);
      await owner.end();
      const running = runningServer(data);
      if (running) sendSignal(running.pid, "SIGQUIT");
      while (running && runs(running, data)) await setTimeout(5);
      await rm(data, { recursive: true });
      place.remove();
    },
  };
}

/**
 * Returns the URL of the running server, even if another process uses it; if none runs, starts one for this process.
 *
 * @throws Error as `startPostgres` does
 */
export async function reachPostgres(place: ServerPlace, database: string): Promise<string> {
  const data = path.join(place.home, "data");
  const server = runningServer(data);
  const client = server && (await connect(place, data, server));
  await client?.end();
  return client && server ? databaseUrl(place, server, database) : (await startPostgres(place, database)).url;
}

function databaseUrl(place: ServerPlace, server: Running, database: string): string {
  return `${serverUrl(place, server)}/${encodeURIComponent(database)}`;
}

/**
 * Deletes the server's data; a server that an earlier process left running is stopped first.
 *
 * @throws Error if a running process uses it
 */
export async function removePostgres(place: ServerPlace): Promise<void> {
  const taken = await takeOver(place, path.join(place.home, "data"));
  await taken?.owner.end();
  taken?.stop();
  place.remove();
}

/** A server that this process owns and that ends with it. */
interface Owned {
  server: Running;
  /** The connection that holds IN_USE_LOCK. */
  owner: pg.Client;
  stop(): void;
}

/**
 * Takes over the server that an earlier process left running, if there is one.
 *
 * @throws Error if a running process uses it, or it accepts no connection
 */
async function takeOver(place: ServerPlace, data: string): Promise<Owned | undefined> {
  const server = runningServer(data);
  const owner = server && (await claim(place, data, server));
  return server && owner && owned(place, data, server, owner);
}

function owned(place: ServerPlace, data: string, server: Running, owner: pg.Client): Owned {
  const stop = () => stopServer(place, data);
  process.prependOnceListener("exit", stop);
  return { server, owner, stop };
}

async function start(place: ServerPlace, data: string): Promise<Owned> {
  const log = path.join(place.home, "log");
  const limit = performance.now() + ACCEPT_LIMIT;
  for (;;) {
    // If this file exists, it is stale: its process id may belong to another process.
    rmSync(path.join(data, "postmaster.pid"), { force: true });
    const begun = existsSync(log) ? readFileSync(log).length : 0;
    const child = spawnServer(place, data, log, await freePort("127.0.0.1"));
    // Until its pid file is written, pg_ctl cannot stop it. A signal (fast shutdown) can, and it deletes that file itself.
    const kill = () =>
      runningServer(data)?.pid === child.pid ? stopServer(place, data) : child.kill("SIGINT");
    process.prependOnceListener("exit", kill);
    try {
      const server = await untilRecorded(data, child);
      const owner = server && (await claim(place, data, server));
      if (server && owner) return owned(place, data, server, owner);
    } catch (error) {
      if (!(error instanceof InUse)) kill();
      throw error;
    } finally {
      process.off("exit", kill);
    }

    const reason = lastError(log, begun);
    if (runningServer(data)) throw new InUse(); // another process started one at the same moment
    if (!TRANSIENT.test(reason) || performance.now() > limit)
      throw new Error(`PostgreSQL does not start: ${reason}`);
    await setTimeout(100);
  }
}

/** Starts the server in a separate session, so that a Ctrl-C in the terminal reaches this process only. */
function spawnServer(place: ServerPlace, data: string, log: string, port: number): ChildProcess {
  const settings = {
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    max_connections: "400", // for several emulators at once, with 40 connections per secret each
    log_error_verbosity: "terse", // otherwise the log contains the values of rows that violate a constraint
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const args = ["-D", data, "-p", `${port}`, ...options];
  const output = openSync(log, "a");
  place.give(log);
  const child = spawn(place.program("postgres"), args, {
    ...place.spawnOptions,
    detached: true,
    stdio: ["ignore", output, output],
  });
  closeSync(output);
  child.once("error", (error) => appendFileSync(log, String(error)));
  child.unref();
  return child;
}

/** Waits until the server has written its pid file; returns undefined if it ends before. */
async function untilRecorded(data: string, child: ChildProcess): Promise<Running | undefined> {
  while (child.pid && child.exitCode === null && child.signalCode === null) {
    const server = runningServer(data);
    if (server?.pid === child.pid) return server;
    await setTimeout(10);
  }
  return undefined;
}

/**
 * Stops the server that runs on the data. Synchronous, because it must also work while the process exits. On a busy disk
 * the checkpoint of a fast shutdown can take long; an immediate shutdown skips it, and the next start recovers from the
 * log. A second Ctrl-C in the terminal ends `pg_ctl`, which starts the immediate shutdown.
 */
function stopServer(place: ServerPlace, data: string): void {
  for (const mode of ["fast", "immediate"]) {
    if (!runningServer(data)) return;
    const args = ["stop", "--wait", "--timeout", "5", "--pgdata", data, "--mode", mode];
    spawnSync(place.program("pg_ctl"), args, place.spawnOptions);
  }
  const stuck = runningServer(data);
  if (stuck) sendSignal(stuck.pid, "SIGKILL");
}

/** Creates the data under a temporary name, because initdb may be interrupted. */
async function initialise(place: ServerPlace, data: string): Promise<void> {
  const passwordFile = path.join(place.home, PASSWORD);
  const unfinished = `${data}.unfinished`;
  rmSync(unfinished, { recursive: true, force: true });
  rmSync(passwordFile, { force: true });
  writeFileSync(passwordFile, randomBytes(18).toString("base64url"), { mode: 0o600 });
  place.give(passwordFile);
  await initdb(place, [
    ...["--pgdata", unfinished, "--username", "postgres", "--auth", "scram-sha-256"],
    ...["--pwfile", passwordFile, "--no-sync", "--no-instructions"],
    ...["--encoding", "UTF8", "--locale", "C", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"],
  ]);
  renameSync(unfinished, data);
}

async function initdb(place: ServerPlace, args: string[]): Promise<void> {
  // A separate process group, so that its children can be killed with it.
  const child = spawn(place.program("initdb"), args, { ...place.spawnOptions, detached: true });
  const { pid } = child;
  const kill = () => pid !== undefined && sendSignal(-pid, "SIGKILL");
  process.prependOnceListener("exit", kill);
  const printed: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => printed.push(chunk));
  const [status] = await once(child, "close");
  process.off("exit", kill);
  if (status !== 0) throw new Error(`initdb failed: ${Buffer.concat(printed).toString().trim()}`);
}

/** @throws Error if another major version of PostgreSQL created the data, which this one cannot read */
function assertSameMajor(place: ServerPlace, data: string): void {
  const { stdout } = spawnSync(place.program("postgres"), ["--version"], {
    ...place.spawnOptions,
    encoding: "utf8",
  });
  const ours = /(\d+)\./.exec(stdout ?? "")?.[1];
  const its = readFileSync(path.join(data, "PG_VERSION"), "utf8").trim();
  if (ours && its !== ours)
    throw new Error(
      `the data in ${place.home} is of PostgreSQL ${its}, and this is ${ours}: delete that folder`,
    );
}

/** Marks the server as in use while the returned connection is open; returns undefined if the server ends before. */
async function claim(place: ServerPlace, data: string, server: Running): Promise<pg.Client | undefined> {
  const client = await connect(place, data, server);
  if (!client) return undefined;
  const { rows } = await client.query("select pg_try_advisory_lock($1) as free", [IN_USE_LOCK]);
  if (rows[0].free) return client;
  await client.end();
  throw new InUse();
}

/**
 * Connects as soon as the server accepts connections; returns undefined if the server ends before.
 *
 * @throws Error if the server rejects the connection, or accepts none within the limit
 */
async function connect(place: ServerPlace, data: string, server: Running): Promise<pg.Client | undefined> {
  const limit = performance.now() + ACCEPT_LIMIT;
  for (;;) {
    const client = new pg.Client({
      connectionString: `${serverUrl(place, server)}/postgres`,
      connectionTimeoutMillis: CONNECT_LIMIT,
      query_timeout: ACCEPT_LIMIT,
    });
    client.on("error", () => {}); // when the server ends
    try {
      await client.connect();
      return client;
    } catch (error) {
      await client.end().catch(() => {});
      if (!runs(server, data)) return undefined;
      if (error instanceof pg.DatabaseError && error.code !== CANNOT_CONNECT_NOW) throw error;
      if (performance.now() > limit)
        throw new Error(
          `PostgreSQL (process ${server.pid}) accepts no connection: end it with \`kill -9 ${server.pid}\`, then try again`,
          { cause: error },
        );
      await setTimeout(20);
    }
  }
}
