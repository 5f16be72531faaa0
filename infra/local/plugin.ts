import { spawnSync } from "node:child_process";
import path from "node:path";
import { setImmediate } from "node:timers/promises";
import { reasons } from "../reasons.ts";
import { startLocalDatabase } from "./database.ts";
import { keepBundled } from "./live-bundle.ts";
import { assertFree, untilListening } from "./ports.ts";
import { startPostgres } from "./postgres.ts";
import { serverPlace } from "./server-place.ts";

interface OfflineOptions {
  host: string;
  httpPort: string | number;
  lambdaPort: string | number;
}

/** What this plugin uses of the Serverless Framework. */
interface Serverless {
  serviceDir: string;
  service: {
    provider: { environment: Record<string, string> };
    functions: Record<string, { handler: string; events: { http: { cors: { origins: unknown } } }[] }>;
    custom: { "serverless-offline": OfflineOptions };
  };
}

/** Serverless plugin: what stands in for AWS starts with `serverless offline`, and ends with it. */
export default class LocalPlugin {
  readonly hooks: Record<string, () => Promise<void>>;
  readonly #serverless: Serverless;
  readonly #options: OfflineOptions;
  #ending = false;
  #settled: Promise<unknown> = Promise.resolve();

  constructor(serverless: Serverless, cliOptions: Partial<OfflineOptions>) {
    this.#serverless = serverless;
    this.#options = {
      ...serverless.service.custom["serverless-offline"],
      ...cliOptions,
    };
    const start = () => this.#start().catch((error) => this.#giveUp(error));
    this.hooks = {
      "before:offline:start": start,
      "before:offline:start:init": start,
    };
  }

  async #start(): Promise<void> {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => this.#end());
    endWithNpm(() => this.#end());
    const { host, httpPort, lambdaPort } = this.#options;
    for (const port of [httpPort, lambdaPort]) await assertFree(Number(port), host);

    const databaseUrl = process.env.DATABASE_URL || (await this.#startPostgres());
    if (!/^postgres(ql)?:\/\/[^/]+\/[^/?]+/.test(databaseUrl) || !URL.canParse(databaseUrl)) {
      throw new Error("DATABASE_URL is not like postgres://user:password@host:5432/database");
    }
    say("Starting the Data API stand-in");
    const database = await startLocalDatabase(databaseUrl);
    say("Applying migrations");
    for (const name of await database.migrate()) say(`  applied ${name}`);
    this.#setEnvironment(database.functionsEnvironment);

    say("Bundling the functions");
    const outdir = path.join(this.#serverless.serviceDir, ".local/functions");
    await keepBundled(outdir, () => say("Reloaded the functions"));
    for (const definition of Object.values(this.#serverless.service.functions)) {
      definition.handler = definition.handler.replace("dist/", ".local/functions/");
      // serverless-offline would answer the sender's origin; in this form it answers `*`, as API Gateway does.
      for (const { http } of definition.events) http.cors.origins = "ignore";
    }

    void untilListening(Number(httpPort), host).then(() => say(welcome(`http://localhost:${httpPort}`)));
  }

  async #startPostgres(): Promise<string> {
    const place = serverPlace(path.join(this.#serverless.serviceDir, ".local/postgres"));
    say(`Starting PostgreSQL, with its data in ${place.home}`);
    const postgres = startPostgres(place);
    this.#settled = postgres.catch(() => {});
    return (await postgres).url;
  }

  /** Not while PostgreSQL is half started, for then it could not be stopped. It stops as this process exits. */
  #end(): void {
    this.#ending = true;
    void this.#settled.then(() => process.exit());
  }

  /** What fails because it ends, such as a tool that the same Ctrl-C ended, is nobody's concern. */
  async #giveUp(error: unknown): Promise<void> {
    for (let turn = 0; turn < 2; turn++) await setImmediate(); // a signal that has come is noticed by then
    if (this.#ending) return;
    console.error(`Cannot start: ${reasons(error).join(": ")}`);
    process.exit(1);
  }

  /** serverless-offline hands on its own, and what begins with `AWS_`. */
  #setEnvironment(functionsEnvironment: Record<string, string>): void {
    const { environment } = this.#serverless.service.provider;
    Object.assign(environment, functionsEnvironment);
    Object.assign(process.env, environment, {
      AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand", // without it, no start counts as a cold one
    });
  }
}

/** A `kill -9` of npm tells its child nothing. */
function endWithNpm(end: () => void): void {
  if (!process.env.npm_command) return;
  const npm = npmsId();
  const isAlive = () => {
    try {
      return process.kill(npm, 0);
    } catch {
      return false;
    }
  };
  setInterval(() => isAlive() || end(), 500).unref();
}

/** The parent, or the parent of the shell that npx puts between. */
function npmsId(): number {
  const { stdout } = spawnSync("ps", ["-o", "ppid=,comm=", "-p", `${process.ppid}`], { encoding: "utf8" });
  const [, grandparent, command] = /^\s*(\d+)\s+(.*\S)/.exec(stdout ?? "") ?? [];
  return command?.endsWith("sh") ? Number(grandparent) : process.ppid;
}

function say(text: string): void {
  console.log(text);
}

function welcome(url: string): string {
  return `
Ready. With ID the one that the first line answers:

  curl -d '{"Name":"Fenerbahce vs Galatasaray","Allocation":10000}' ${url}/ticket_options
  curl ${url}/ticket_options/ID
  curl -d '{"Quantity":2,"UserID":"406c1d05-bbb2-4e94-b183-7d208c2692e1"}' ${url}/ticket_options/ID/purchases

Ctrl-C ends it all; the data stays until \`npm run reset\`.
`;
}
