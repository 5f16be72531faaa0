import { Worker } from "node:worker_threads";
import { it as base, inject } from "vitest";
import type { ApiRequest, ApiResponse } from "../support/api.ts";

/** A request (or an event that replaces it) and the milliseconds that the function has for it. */
export interface Call {
  request: ApiRequest;
  event?: unknown;
  milliseconds?: number | undefined;
}

export type Outcome = { response: ApiResponse } | { error: unknown };

/**
 * A test that can start functions with their own Data API. Each start uses a thread with its own environment, as on
 * Lambda, so that tests can run concurrently. The threads end with the test.
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
  readonly #pending = new Map<number, PromiseWithResolvers<ApiResponse>>();
  /** All lines printed up to the last response. */
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
      const pending = this.#pending.get(number);
      if ("error" in outcome) pending?.reject(outcome.error);
      else pending?.resolve(outcome.response);
    });
    this.#thread.on("error", (error) => {
      for (const { reject } of this.#pending.values()) reject(error);
    });
  }

  /** Returns the status, the retry headers and the members of the body. */
  async call(method: string, path: string, body?: object, key?: string) {
    const headers = key === undefined ? {} : { "Idempotency-Key": key };
    const request = { method, path, headers, ...(body && { body: JSON.stringify(body) }) };
    const response = await this.#send({ request, milliseconds: this.#milliseconds });
    const { "retry-after": retryAfter, "idempotency-key": idempotencyKey } = response.headers;
    const known = { ...(retryAfter && { retryAfter }), ...(idempotencyKey && { idempotencyKey }) };
    return { status: response.status, ...known, ...JSON.parse(response.body) };
  }

  /** Calls the function named `method` with any event. */
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
    const number = this.#pending.size;
    this.#pending.set(number, response);
    this.#thread.postMessage({ number, ...call });
    return response.promise;
  }
}

/** Creates an option through functions whose Data API does not fail. */
export async function option(functionsAt: (dataApiUrl: string) => Functions, allocation: number) {
  const functions = functionsAt(inject("dataApiUrl"));
  const { ID } = await functions.call("POST", "/ticket_options", { Name: "Derby", Allocation: allocation });
  return { ID, left: async () => (await functions.call("GET", `/ticket_options/${ID}`)).Allocation };
}
