import "../installed.mjs";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { setImmediate } from "node:timers/promises";
import ServerlessOffline, { type Utilities } from "serverless-offline";
import { assertFree, serverPlace, startPostgres } from "../../emulator/src/index.ts";
import { reasons } from "../reasons.ts";
import { startLocalDatabase } from "./database.ts";
import { ignoreCallersSettings } from "./environment.ts";
import { type Cors, emulateApiGateway } from "./gateway.ts";
import { givenDatabase } from "./given-database.ts";
import { keepBundled } from "./live-bundle.ts";
import { logRequests } from "./request-log.ts";

interface OfflineOptions {
  host: string;
  httpPort: string | number;
  lambdaPort: string | number;
}

/** The part of the Serverless Framework that this plugin uses. */
interface Serverless {
  serviceDir: string;
  service: {
    provider: { environment: Record<string, string> };
    functions: Record<string, { handler: string; events: { http: { cors?: unknown } }[] }>;
    custom: { cors: Cors; "serverless-offline": OfflineOptions };
  };
}

/** Serverless plugin for `serverless offline` that also starts and stops the emulators of AWS. */
export default class LocalPlugin extends ServerlessOffline {
  readonly #serverless: Serverless;
  readonly #options: OfflineOptions;

  constructor(serverless: Serverless, cliOptions: Partial<OfflineOptions>, utilities: Utilities) {
    super(serverless, cliOptions, { ...utilities, log: withoutNotices(utilities.log) });
    this.#serverless = serverless;
    this.#options = {
      ...serverless.service.custom["serverless-offline"],
      ...cliOptions,
    };
  }

  /** Runs the commands `offline` and `offline start`. */
  override async start(): Promise<void> {
    try {
      const isReadable = readableLog();
      await this.#startDatabase();
      await this.#bundle();
      say("Starting serverless-offline");
      await withoutRouteTable(() => super.start());
      const server = this.internals().getApiGatewayServer();
      emulateApiGateway(server, this.#serverless.service.custom.cors);
      if (isReadable) logRequests(server.listener);
      say(welcome(`http://localhost:${this.#options.httpPort}`));
    } catch (error) {
      await this.#giveUp(error);
    }
  }

  async #startDatabase(): Promise<void> {
    ignoreCallersSettings();
    // PostgreSQL ends when this process exits, even if it is still starting.
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => process.exit());
    endWithNpm();
    const { host, httpPort, lambdaPort } = this.#options;
    for (const port of [httpPort, lambdaPort]) await assertFree(Number(port), host);

    const databaseUrl = (await givenDatabase()) ?? (await this.#startPostgres());
    say("Starting the Data API emulator");
    const database = await startLocalDatabase(databaseUrl);
    say("Applying migrations");
    for (const name of await database.migrate()) say(`  applied ${name}`);
    this.#setEnvironment(database.functionsEnvironment);
  }

  async #bundle(): Promise<void> {
    say("Bundling the functions");
    const outdir = path.join(this.#serverless.serviceDir, ".local/functions");
    await keepBundled(outdir, () => say("Reloaded the functions"));
    for (const definition of Object.values(this.#serverless.service.functions)) {
      definition.handler = definition.handler.replace("dist/", ".local/functions/");
      for (const { http } of definition.events) delete http.cors; // the functions and `emulateApiGateway` handle CORS
    }
  }

  async #startPostgres(): Promise<string> {
    const place = serverPlace(path.join(this.#serverless.serviceDir, ".local/postgres"));
    say(`Starting PostgreSQL, with its data in ${place.home}`);
    return (await startPostgres(place, "tickets")).url;
  }

  /** Reports an error. It waits briefly, since Ctrl-C ends tools and this process at once, and that is not an error. */
  async #giveUp(error: unknown): Promise<void> {
    for (let turn = 0; turn < 2; turn++) await setImmediate();
    console.error(`Cannot start: ${reasons(error).join(": ")}`);
    process.exit(1);
  }

  /** Sets variables in two places: serverless-offline passes on those of the provider, and `AWS_*` of this process. */
  #setEnvironment(functionsEnvironment: Record<string, string>): void {
    const { environment } = this.#serverless.service.provider;
    Object.assign(environment, functionsEnvironment);
    Object.assign(process.env, environment, {
      AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand", // without it, no start counts as a cold start
    });
  }
}

/** Hides serverless-offline's notices about its start and each request, except with `--verbose`. */
function withoutNotices(log: Utilities["log"]): Utilities["log"] {
  const { debug, error, info, verbose, warning } = log;
  return { debug, error, info, notice: info, verbose, warning };
}

/**
 * Hides the table of routes that serverless-offline prints, including its own `…/invocations`; it has no option for
 * that.
 */
async function withoutRouteTable(start: () => Promise<void>): Promise<void> {
  const { log } = console;
  console.log = () => {};
  try {
    await start();
  } finally {
    console.log = log;
  }
}

/**
 * Whether the log is readable text, and not JSON.
 *
 * @throws Error if LOG_FORMAT is neither
 */
function readableLog(): boolean {
  const format = process.env.LOG_FORMAT || "text";
  if (format === "text" || format === "json") return format === "text";
  throw new Error("LOG_FORMAT is neither text nor json");
}

/** Exits when npm has ended: a `kill -9` of npm sends no signal to its child. */
function endWithNpm(): void {
  if (!process.env.npm_command) return;
  const npm = npmsId();
  const isAlive = () => {
    try {
      return process.kill(npm, 0);
    } catch {
      return false;
    }
  };
  setInterval(() => isAlive() || process.exit(), 500).unref();
}

/** The process id of npm: the parent, or the parent of the shell that npx starts in between. */
function npmsId(): number {
  const [, command = "", grandparent] =
    process.platform === "linux"
      ? (/^\d+ \((.*)\) . (\d+)/s.exec(readFileSync(`/proc/${process.ppid}/stat`, "utf8")) ?? [])
      : (/^\s*(.*\S)\s+(\d+)\s*$/.exec(
          execFileSync("ps", ["-o", "comm=,ppid=", "-p", `${process.ppid}`], { encoding: "utf8" }),
        ) ?? []);
  return command.endsWith("sh") ? Number(grandparent) : process.ppid;
}

function say(text: string): void {
  console.log(text);
}

function welcome(url: string): string {
  return `
Ready. Replace ID with the ID in the first response:

  curl -d '{"Name":"Fenerbahce vs Galatasaray","Allocation":10000}' ${url}/ticket_options
  curl ${url}/ticket_options/ID
  curl -d '{"Quantity":2,"UserID":"406c1d05-bbb2-4e94-b183-7d208c2692e1"}' ${url}/ticket_options/ID/purchases

Ctrl-C ends it all; the data stays until \`npm run db:reset\`.
`;
}
