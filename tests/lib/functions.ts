import { Worker } from "node:worker_threads";
import { it as base, inject } from "vitest";
import type { ApiRequest, ApiResponse } from "../support/api.ts";

/** A request, or an event of any kind in its place, and the milliseconds that the function has for it. */
export interface Call {
  request: ApiRequest;
  event?: unknown;
  milliseconds?: number | undefined;
}

export type Outcome = { response: ApiResponse } | { error: unknown };

/**
 * A test that can start functions with a Data API of their own: in a thread with its own environment, as Lambda starts
 * them, so that tests can run at the same time. They end with the test.
 */
export const it = base.extend<{ functionsAt: (dataApiUrl: string, milliseconds?: number) => Functions }>({
  functionsAt: async ({ onTestFinished }, use) => {
    await use((dataApiUrl, milliseconds) => {
      const functions = new Functions(dataApiUrl, milliseconds);
      onTestFinished(() => functions.end());
      return functions;
    });
  },
});

class Functions {
  readonly #thread: Worker;
  readonly #milliseconds: number | undefined;
  readonly #waiting = new Map<number, PromiseWithResolvers<ApiResponse>>();
  /** All that they have printed up to the last response, by line. */
  readonly printed: string[] = [];

  constructor(dataApiUrl: string, milliseconds: number | undefined) {
    this.#milliseconds = milliseconds;
    this.#thread = new Worker(new URL("./functions-thread.ts", import.meta.url), {
      env: {
        ...process.env,
        AWS_ENDPOINT_URL_RDS_DATA: dataApiUrl,
        AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand",
        POWERTOOLS_DEV: "", // logs and metrics as on Lambda
      },
      execArgv: [],
    });
    this.#thread.on("message", ({ number, printed, ...outcome }) => {
      this.printed.push(...printed);
      const waiting = this.#waiting.get(number);
      if ("error" in outcome) waiting?.reject(outcome.error);
      else waiting?.resolve(outcome.response);
    });
    this.#thread.on("error", (error) => {
      for (const { reject } of this.#waiting.values()) reject(error);
    });
  }

  /** Gives the members of the response. */
  async call(method: string, path: string, body?: object, key?: string) {
    const headers = key === undefined ? {} : { "Idempotency-Key": key };
    const request = { method, path, headers, ...(body && { body: JSON.stringify(body) }) };
    const response = await this.#send({ request, milliseconds: this.#milliseconds });
    const { "retry-after": retryAfter, "idempotency-key": idempotencyKey } = response.headers;
    const known = { ...(retryAfter && { retryAfter }), ...(idempotencyKey && { idempotencyKey }) };
    return { status: response.status, ...known, ...JSON.parse(response.body) };
  }

  /** Calls the function of that method with an event of any kind. */
  async callWith(event: unknown, method: string): Promise<void> {
    await this.#send({ request: { method, path: "" }, event });
  }

  logged = () => this.#lines().filter((line) => "level" in line);
  measured = () => this.#lines().filter((line) => "_aws" in line);

  async end(): Promise<void> {
    await this.#thread.terminate();
  }

  #lines() {
    return this.printed.map((line) => JSON.parse(line));
  }

  #send(call: Call): Promise<ApiResponse> {
    const response = Promise.withResolvers<ApiResponse>();
    const number = this.#waiting.size;
    this.#waiting.set(number, response);
    this.#thread.postMessage({ number, ...call });
    return response.promise;
  }
}

/** An option of its own, made where nothing fails. */
export async function option(functionsAt: (dataApiUrl: string) => Functions, allocation: number) {
  const functions = functionsAt(inject("dataApiUrl"));
  const { ID } = await functions.call("POST", "/ticket_options", { Name: "Derby", Allocation: allocation });
  return { ID, left: async () => (await functions.call("GET", `/ticket_options/${ID}`)).Allocation };
}
