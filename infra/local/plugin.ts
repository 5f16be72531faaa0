import "../installed.mjs";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { setImmediate } from "node:timers/promises";
import { reasons } from "../reasons.ts";
import { startLocalDatabase } from "./database.ts";
import { ignoreCallersSettings } from "./environment.ts";
import { type Cors, type Hapi, workLikeApiGateway } from "./gateway.ts";
import { givenDatabase } from "./given-database.ts";
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
    functions: Record<string, { handler: string; events: { http: { cors?: unknown } }[] }>;
    custom: { cors: Cors; "serverless-offline": OfflineOptions };
  };
  /** Among them serverless-offline, which gives access to its server. */
  pluginManager: { plugins: { internals?(): { getApiGatewayServer(): Hapi } }[] };
}

/** Serverless plugin: what stands in for AWS starts with `serverless offline`, and ends with it. */
export default class LocalPlugin {
  readonly hooks: Record<string, () => Promise<void>>;
  readonly #serverless: Serverless;
  readonly #options: OfflineOptions;

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
    ignoreCallersSettings();
    // PostgreSQL, however far it has come, ends as this process exits.
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => process.exit());
    endWithNpm();
    const { host, httpPort, lambdaPort } = this.#options;
    for (const port of [httpPort, lambdaPort]) await assertFree(Number(port), host);

    const databaseUrl = (await givenDatabase()) ?? (await this.#startPostgres());
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
      for (const { http } of definition.events) delete http.cors; // the functions and the gateway have what it takes
    }

    void untilListening(Number(httpPort), host)
      .then(() => {
        workLikeApiGateway(this.#gateway(), this.#serverless.service.custom.cors);
        say(welcome(`http://localhost:${httpPort}`));
      })
      .catch((error) => this.#giveUp(error));
  }

  #gateway(): Hapi {
    for (const plugin of this.#serverless.pluginManager.plugins)
      if (plugin.internals) return plugin.internals().getApiGatewayServer();
    throw new Error("serverless-offline is not among the plugins");
  }

  async #startPostgres(): Promise<string> {
    const place = serverPlace(path.join(this.#serverless.serviceDir, ".local/postgres"));
    say(`Starting PostgreSQL, with its data in ${place.home}`);
    return (await startPostgres(place)).url;
  }

  /** What fails because a tool was ended by the same Ctrl-C is no error: by then, its signal has ended this process. */
  async #giveUp(error: unknown): Promise<void> {
    for (let turn = 0; turn < 2; turn++) await setImmediate();
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

/** The parent, or the parent of the shell that npx puts between. */
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
Ready. With ID the one that the first line answers:

  curl -d '{"Name":"Fenerbahce vs Galatasaray","Allocation":10000}' ${url}/ticket_options
  curl ${url}/ticket_options/ID
  curl -d '{"Quantity":2,"UserID":"406c1d05-bbb2-4e94-b183-7d208c2692e1"}' ${url}/ticket_options/ID/purchases

Ctrl-C ends it all; the data stays until \`npm run reset\`.
`;
}
