import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import type { APIGatewayProxyResult } from "aws-lambda";
import { unzipped } from "../package/packaging.ts";
import type { Callable } from "./api-gateway.ts";

interface Definition {
  zip: Buffer;
  handler: string;
  environment: Record<string, string>;
  /** A program for Node that gets the handler's name as an argument and uses the Runtime API. */
  runtime: string;
}

interface Invocation {
  id: string;
  event: object;
  deadline: number;
  resolve(result: APIGatewayProxyResult): void;
  reject(error: Error): void;
}

const TIME_LIMIT = 25_000;

/** The limit of concurrent execution environments. Further requests wait, where Lambda would start more. */
const ENVIRONMENT_LIMIT = 3;

/**
 * Runs a function as Lambda does: unpacks its zip in an empty folder, starts processes with the environment variables of
 * a function and no others, and serves the Runtime API, from which they get one event at a time.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
 */
export class Lambda implements Callable {
  readonly #definition: Definition;
  readonly #folder = mkdtempSync(path.join(tmpdir(), "lambda-"));
  readonly #server = createServer((request, response) => void this.#respond(request, response));
  readonly #environments = new Set<ChildProcess>();
  readonly #queue: Invocation[] = [];
  readonly #idle: ServerResponse[] = [];
  readonly #running = new Map<string, Invocation>();

  static async of(definition: Definition): Promise<Lambda> {
    const lambda = new Lambda(definition);
    for (const { name, content } of await unzipped(definition.zip)) {
      const file = path.join(lambda.#folder, name);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, content);
    }
    lambda.#server.listen(0, "127.0.0.1");
    await once(lambda.#server, "listening");
    return lambda;
  }

  private constructor(definition: Definition) {
    this.#definition = definition;
  }

  invoke(event: object): Promise<APIGatewayProxyResult> {
    return new Promise((resolve, reject) => {
      const deadline = Date.now() + TIME_LIMIT;
      this.#queue.push({ id: randomUUID(), event, deadline, resolve, reject });
      if (this.#idle.length === 0 && this.#environments.size < ENVIRONMENT_LIMIT) this.#startEnvironment();
      this.#handOut();
    });
  }

  async close(): Promise<void> {
    const ended = [...this.#environments].map((child) => once(child, "close"));
    for (const child of this.#environments) child.kill("SIGKILL");
    await Promise.all(ended);
    this.#server.close();
    this.#server.closeAllConnections();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #startEnvironment(): void {
    const { handler, environment, runtime } = this.#definition;
    const { port } = this.#server.address() as AddressInfo;
    const child = spawn(process.execPath, [runtime, handler], {
      cwd: this.#folder,
      env: {
        ...environment,
        PATH: "/usr/bin:/bin",
        TZ: ":UTC",
        AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${port}`,
        AWS_LAMBDA_FUNCTION_NAME: path.basename(handler),
        AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
        AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "512",
        AWS_LAMBDA_LOG_GROUP_NAME: "/aws/lambda/api",
        AWS_LAMBDA_LOG_STREAM_NAME: "2022/01/05/[$LATEST]0",
        AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand",
        LAMBDA_TASK_ROOT: this.#folder,
        _HANDLER: handler,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const printed: Buffer[] = [];
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk: Buffer) => {
        printed.push(chunk);
        printed.splice(0, printed.length - 20);
      });
    this.#environments.add(child);
    child.on("close", (status) => {
      this.#environments.delete(child);
      if (status === null) return; // killed by close()
      const error = new Error(`${handler} ended with ${status}:\n${Buffer.concat(printed)}`);
      for (const one of [...this.#queue.splice(0), ...this.#running.values()]) one.reject(error);
    });
  }

  async #respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, id = "", what] =
      /^\/2018-06-01\/runtime\/(?:invocation|init)\/(?:([^/]+)\/)?(\w+)$/.exec(request.url ?? "") ?? [];
    if (what === "next") {
      this.#idle.push(response);
      this.#handOut();
      return;
    }
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString();
    const invocation = this.#running.get(id);
    this.#running.delete(id);
    if (what === "response") invocation?.resolve(JSON.parse(body));
    else invocation?.reject(new Error(body)); // an error before the first event is reported at exit
    response.writeHead(202).end();
  }

  #handOut(): void {
    for (;;) {
      const [invocation, response] = [this.#queue[0], this.#idle[0]];
      if (!invocation || !response) return;
      this.#idle.shift();
      if (response.destroyed) continue;
      this.#queue.shift();
      this.#running.set(invocation.id, invocation);
      response.writeHead(200, {
        "content-type": "application/json",
        "lambda-runtime-aws-request-id": invocation.id,
        "lambda-runtime-deadline-ms": `${invocation.deadline}`,
        "lambda-runtime-invoked-function-arn": "arn:aws:lambda:eu-west-1:000000000000:function:api",
      });
      response.end(JSON.stringify(invocation.event));
    }
  }
}
