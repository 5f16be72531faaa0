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
import { freePort } from "./ports.ts";
import { lastError, type Running, runningServer, runs, serverUrl } from "./postmaster.ts";
import { PASSWORD, type ServerPlace } from "./server-place.ts";

/** A running PostgreSQL server. */
export interface Postgres {
  /** Connection URL of the database `tickets`, as the server's owner. */
  url: string;
  /** Stops the server and waits for its end. */
  stop(): void;
  /** Ends the server without saving anything, and deletes its data. */
  remove(): Promise<void>;
}

class InUse extends Error {
  constructor() {
    super("the local database is in use by another run: end that one first");
  }
}

/** Held on one connection while a process uses the server, so that it goes with the process, `kill -9` included. */
const IN_USE_LOCK = 4_816_035;

/** Milliseconds in which a server must accept connections: one that crashed first recovers from its log. */
const ACCEPT_LIMIT = 60_000;

/** Milliseconds for one attempt to connect: a server that was stopped in its tracks never replies. */
const CONNECT_LIMIT = 5_000;

/** The SQLSTATE of a server that is starting or stopping. */
const CANNOT_CONNECT_NOW = "57P03";

/** What ends by itself: parts of a server that was killed live a moment longer, a free port may have been taken. */
const PASSING = /still in use|could not create any TCP\/IP sockets/;

/**
 * Starts the embedded PostgreSQL, making its data on the first start. A server that an earlier process left behind
 * (`kill -9`) is taken over. The server ends with this process at the latest, however early that exits.
 *
 * @throws Error if another living process uses the server, if the data is of another major version, or if the server
 * does not start or accept connections in time: with PostgreSQL's own words
 */
export async function startPostgres(place: ServerPlace): Promise<Postgres> {
  const data = path.join(place.home, "data");
  if (!existsSync(data)) await initialise(place, data);
  assertSameMajor(place, data);
  const { server, owner, stop } = (await takeOver(place, data)) ?? (await start(place, data));

  const existing = await owner.query("select from pg_database where datname = 'tickets'");
  if (existing.rowCount === 0) await owner.query("create database tickets");
  return {
    url: `${serverUrl(place, server)}/tickets`,
    stop: () => {
      process.off("exit", stop);
      stop();
    },
    remove: async () => {
      process.off("exit", stop);
      await owner.end();
      const running = runningServer(data);
      if (running) process.kill(running.pid, "SIGQUIT");
      while (running && runs(running, data)) await setTimeout(5);
      await rm(data, { recursive: true });
      place.remove();
    },
  };
}

/** The URL of the server that another living process may be using, or else of one that is started for this process. */
export async function reachPostgres(place: ServerPlace): Promise<string> {
  const data = path.join(place.home, "data");
  const server = runningServer(data);
  const client = server && (await connect(place, data, server));
  await client?.end();
  return client && server ? `${serverUrl(place, server)}/tickets` : (await startPostgres(place)).url;
}

/**
 * Deletes the database, whatever state it is in.
 *
 * @throws Error if a living process uses it
 */
export async function removePostgres(place: ServerPlace): Promise<void> {
  const taken = await takeOver(place, path.join(place.home, "data"));
  await taken?.owner.end();
  taken?.stop();
  place.remove();
}

/** A server that is this process's own, and will end with it. */
interface Owned {
  server: Running;
  /** The connection that holds IN_USE_LOCK. */
  owner: pg.Client;
  stop(): void;
}

/**
 * The server that an earlier process left behind, if there is one.
 *
 * @throws Error if a living process uses it, or it accepts no connection
 */
async function takeOver(place: ServerPlace, data: string): Promise<Owned | undefined> {
  const server = runningServer(data);
  const owner = server && (await claim(place, data, server));
  return server && owner && owned(place, data, server, owner);
}

function owned(place: ServerPlace, data: string, server: Running, owner: pg.Client): Owned {
  const stop = () => stopServer(place, data);
  process.once("exit", stop);
  return { server, owner, stop };
}

async function start(place: ServerPlace, data: string): Promise<Owned> {
  const log = path.join(place.home, "log");
  const limit = performance.now() + ACCEPT_LIMIT;
  for (;;) {
    // If there is such a file, the process of its number is another by now.
    rmSync(path.join(data, "postmaster.pid"), { force: true });
    const begun = existsSync(log) ? readFileSync(log).length : 0;
    const child = spawnServer(place, data, log, await freePort("127.0.0.1"));
    // Until it is claimed, the server on the data may be another process's.
    const kill = () =>
      runningServer(data)?.pid === child.pid ? stopServer(place, data) : child.kill("SIGKILL");
    process.once("exit", kill);
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
    if (!PASSING.test(reason) || performance.now() > limit)
      throw new Error(`PostgreSQL does not start: ${reason}`);
    await setTimeout(100);
  }
}

/** In a session of its own: a Ctrl-C in the terminal is for this process, which ends the server in its own time. */
function spawnServer(place: ServerPlace, data: string, log: string, port: number): ChildProcess {
  const settings = {
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    log_error_verbosity: "terse", // else the log holds the values of broken constraints, idempotency keys among them
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

/** Waits until the server has recorded itself in its data; undefined if it ends before. */
async function untilRecorded(data: string, child: ChildProcess): Promise<Running | undefined> {
  while (child.pid && child.exitCode === null && child.signalCode === null) {
    const server = runningServer(data);
    if (server?.pid === child.pid) return server;
    await setTimeout(10);
  }
  return undefined;
}

/**
 * Stops the server that runs on the data. Synchronous, because it must also work while the process exits. A busy disk
 * can make the checkpoint of an orderly end take long; the other mode goes without, and the next start recovers from
 * the log. A second Ctrl-C in the terminal ends `pg_ctl`, and so goes on to that at once.
 */
function stopServer(place: ServerPlace, data: string): void {
  for (const mode of ["fast", "immediate"]) {
    if (!runningServer(data)) return;
    const args = ["stop", "--wait", "--timeout", "5", "--pgdata", data, "--mode", mode];
    spawnSync(place.program("pg_ctl"), args, place.spawnOptions);
  }
  const stuck = runningServer(data);
  if (stuck) process.kill(stuck.pid, "SIGKILL");
}

/** Under another name until it is whole: initdb may be interrupted. */
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
  // A group of its own, so that all that it starts can be ended at once.
  const child = spawn(place.program("initdb"), args, { ...place.spawnOptions, detached: true });
  const { pid } = child;
  const kill = () => pid !== undefined && process.kill(-pid, "SIGKILL");
  process.once("exit", kill);
  const printed: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => printed.push(chunk));
  const [status] = await once(child, "close");
  process.off("exit", kill);
  if (status !== 0) throw new Error(`initdb failed: ${Buffer.concat(printed).toString().trim()}`);
}

/** @throws Error if the data was made by another major version of PostgreSQL, which this one cannot read */
function assertSameMajor(place: ServerPlace, data: string): void {
  const { stdout } = spawnSync(place.program("postgres"), ["--version"], {
    ...place.spawnOptions,
    encoding: "utf8",
  });
  const ours = /(\d+)\./.exec(stdout ?? "")?.[1];
  const its = readFileSync(path.join(data, "PG_VERSION"), "utf8").trim();
  if (ours && its !== ours)
    throw new Error(
      `the local data is of PostgreSQL ${its}, and this is ${ours}: delete it with \`npm run reset\``,
    );
}

/** Marks the server as in use for as long as the connection lives; undefined if the server ends before. */
async function claim(place: ServerPlace, data: string, server: Running): Promise<pg.Client | undefined> {
  const client = await connect(place, data, server);
  if (!client) return undefined;
  const { rows } = await client.query("select pg_try_advisory_lock($1) as free", [IN_USE_LOCK]);
  if (rows[0].free) return client;
  await client.end();
  throw new InUse();
}

/**
 * Connects as soon as the server accepts it; undefined if the server ends before.
 *
 * @throws Error if it refuses, or does not accept within the limit
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
