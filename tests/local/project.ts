import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout } from "node:timers/promises";
import { assertFree, freePort, serverPlace } from "../../emulator/src/index.ts";
import { type Process, processes, sendSignal } from "../support/processes.ts";
import { type Run, startRun } from "./run.ts";

/** A run of the service. */
export interface Service extends Run {
  httpPort: number;
  lambdaPort: number;
}

/** The documented commands that start the service. */
export const commands = {
  "npm run dev": ["npm", "run", "dev", "--"],
  "npx serverless offline": ["npx", "serverless", "offline"],
};

/** Text that a run must not print when it is ended by a signal. */
export const complaint = /cannot|error|fail/i;

const source = path.join(import.meta.dirname, "../..");

/** A copy of this project as a user may have it, in a folder with a space in its path. */
export class Project {
  readonly folder: string;
  /** The home directory of the user who runs it, initially empty. */
  readonly home: string;
  readonly #outer: string;
  readonly #runs: Run[] = [];

  constructor() {
    this.#outer = mkdtempSync(path.join(tmpdir(), "ticket allocation "));
    chmodSync(this.#outer, 0o755); // as root, PostgreSQL runs as another user
    this.folder = path.join(this.#outer, "a clone");
    this.home = path.join(this.#outer, "home");
    mkdirSync(this.home);
    const folders = ["functions", "lib", "infra", "emulator/src"];
    const files = ["emulator/package.json", "serverless.yml", "package.json", "tsconfig.json"];
    for (const part of [...folders, ...files])
      cpSync(path.join(source, part), path.join(this.folder, part), { recursive: true });
    symlinkSync(path.join(source, "node_modules"), path.join(this.folder, "node_modules"));
  }

  /** Runs a command as on a new machine: with an empty home and no other environment variables. */
  run(command: string[], environment: Record<string, string> = {}): Run {
    const run = startRun(command, this.folder, {
      PATH: String(process.env.PATH),
      HOME: this.home,
      npm_config_update_notifier: "false", // otherwise npm sends a request to the registry
      ...environment,
    });
    this.#runs.push(run);
    return run;
  }

  /** Removes the packages of a scope from the installed ones. */
  uninstall(scope: string): void {
    const [installed, packages] = [path.join(source, "node_modules"), path.join(this.folder, "node_modules")];
    rmSync(packages);
    mkdirSync(packages);
    for (const name of readdirSync(installed))
      if (name !== scope) symlinkSync(path.join(installed, name), path.join(packages, name));
  }

  /** The path of a file in the folder of the local PostgreSQL. */
  postgresFile(name: string): string {
    return path.join(this.#postgresHome(), name);
  }

  /** Starts the service on the given ports, or on free ones, without waiting until it is ready. */
  async start({
    command = commands["npm run dev"],
    ports = {},
    environment = {},
  }: {
    command?: string[];
    ports?: { httpPort?: number; lambdaPort?: number };
    environment?: Record<string, string>;
  } = {}): Promise<Service> {
    const httpPort = ports.httpPort ?? (await freePort("127.0.0.1"));
    const lambdaPort = ports.lambdaPort ?? (await freePort("127.0.0.1"));
    const options = ["--httpPort", `${httpPort}`, "--lambdaPort", `${lambdaPort}`];
    return { ...this.run([...command, ...options], environment), httpPort, lambdaPort };
  }

  /** The process of the Serverless Framework in a run. */
  server({ pid }: Run): Process {
    const found = processes().find(
      (one) => one.group === pid && /^\S*node .*serverless offline/.test(one.command),
    );
    if (!found) throw new Error("the run has no server process");
    return found;
  }

  /** The process id and port in PostgreSQL's lock file; undefined if it does not run. */
  postgres(): { pid: number; port: number } | undefined {
    const lock = this.postgresFile("data/postmaster.pid");
    if (!existsSync(lock)) return undefined;
    const [pid, , , port] = readFileSync(lock, "utf8").split("\n");
    return { pid: Number(pid), port: Number(port) };
  }

  /** The URL of the local database, as its owner. */
  databaseUrl(): string {
    const password = readFileSync(this.postgresFile("password"), "utf8");
    return `postgres://postgres:${password}@127.0.0.1:${this.postgres()?.port}/tickets`;
  }

  /** The processes of a run: npm, its descendants, and the processes of this folder's PostgreSQL. */
  family({ pid }: Run): Process[] {
    const home = this.#postgresHome();
    const family = new Set<Process>();
    const all = processes();
    const belongs = (one: Process) =>
      one.group === pid ||
      one.command.includes(home) ||
      [...family].some((other) => other.pid === one.parent);
    for (let before = -1; family.size > before; ) {
      before = family.size;
      for (const one of all) if (belongs(one)) family.add(one);
    }
    return [...family];
  }

  /** What remains of a run that should have ended: ports, processes and lock file. `before` are its earlier processes. */
  async remains(run: Service, before: Process[], postgresPort?: number): Promise<string[]> {
    const ports = [run.httpPort, run.lambdaPort, ...(postgresPort ? [postgresPort] : [])];
    const taken = await Promise.all(
      ports.map((port) =>
        assertFree(port, "127.0.0.1").then(
          () => [],
          () => [`port ${port}`],
        ),
      ),
    );
    const was = new Set(before.map(({ pid }) => pid));
    const alive = [...processes().filter(({ pid }) => was.has(pid)), ...this.family(run)];
    const lock = this.postgres() ? ["postmaster.pid"] : [];
    return [...taken.flat(), ...alive.map(({ pid, command }) => `process ${pid} ${command}`), ...lock];
  }

  /** Kills all runs of the project with SIGKILL. PostgreSQL may continue to run. */
  async kill(): Promise<void> {
    const runs = this.#runs.splice(0);
    for (const run of runs) run.signal("SIGKILL");
    await Promise.all(runs.map(({ ended }) => ended));
  }

  /** Ends all processes of the project and deletes it. */
  async remove(): Promise<void> {
    await this.kill();
    const home = this.#postgresHome();
    for (const { pid, command } of processes()) if (command.includes(home)) sendSignal(pid, "SIGQUIT");
    const limit = performance.now() + 10_000;
    while (processes().some(({ command }) => command.includes(home))) {
      if (performance.now() > limit) throw new Error("a process of the project does not end");
      await setTimeout(50);
    }
    serverPlace(path.join(this.folder, ".local/postgres")).remove();
    rmSync(this.#outer, { recursive: true, force: true });
  }

  #postgresHome(): string {
    return existsSync(path.join(this.folder, ".local/postgres"))
      ? serverPlace(path.join(this.folder, ".local/postgres")).home
      : path.join(this.folder, ".local/postgres");
  }
}
