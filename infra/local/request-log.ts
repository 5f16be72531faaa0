import { AsyncLocalStorage } from "node:async_hooks";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from "aws-lambda";
import { errorText, type LoggedError, type Outcome, requestLine, unreadableLine } from "./request-line.ts";

/** A function of the service. */
export type Handler = (event: APIGatewayProxyEvent, ...others: unknown[]) => Promise<APIGatewayProxyResult>;

/** What is known about a request. */
interface Seen extends Outcome {
  /** The errors that its function has logged. */
  errors: LoggedError[];
  /** Resolves when its function ends. */
  ended?: Promise<unknown>;
  isPrinted?: boolean;
}

/** The members of a line of the functions' JSON log that this module uses. A line is about metrics or a request. */
interface LogLine {
  _aws?: unknown;
  requestId?: string;
  error?: LoggedError;
}

const seen = new AsyncLocalStorage<Seen>();

/** The current request of each connection. */
const current = new WeakMap<Duplex, Seen>();

/**
 * Prints a readable line for each request, with the errors that its function logged, in place of the functions' JSON
 * lines about requests and metrics. Other output of this process does not change.
 */
export function logRequests(server: Server): void {
  const begin = (request: IncomingMessage, response: ServerResponse) => {
    const about: Seen = { errors: [] };
    seen.enterWith(about);
    const { socket } = request;
    current.set(socket, about);
    const began = performance.now();
    response.once("close", async () => {
      current.delete(socket);
      const milliseconds = Math.round(performance.now() - began);
      if (!response.writableFinished) await about.ended; // the outcome, although the client has disconnected
      const line = requestLine({ request, response, milliseconds, ...about });
      print([line, ...about.errors.map(errorText)].join("\n"));
      about.isPrinted = true;
    });
  };
  // Before the listeners of serverless-offline, so that they run in the context of `seen`.
  for (const event of ["request", "checkContinue"]) server.prependListener(event, begin);
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    if (!error.code?.startsWith("HPE_")) return; // the connection broke
    const about = current.get(socket);
    if (about) about.unreadable = error.message;
    else print(unreadableLine(error.message));
  });
  for (const stream of [process.stdout, process.stderr]) {
    const write = stream.write.bind(stream);
    const noteOrWrite = (...args: Parameters<typeof write>) => note(args[0]) || write(...args);
    stream.write = noteOrWrite as typeof write;
  }
}

/** Notes the body of a response that comes from no function. */
export function noteResponse(body: string): void {
  const about = seen.getStore();
  if (about) about.result = { body };
}

/** Wraps a function so that its requests and responses are noted. */
export function noted(handler: Handler): Handler {
  return (event, ...others) => {
    const result = handler(event, ...others);
    const about = seen.getStore();
    if (about) {
      about.requestId = event.requestContext.requestId;
      about.ended = Promise.resolve(result).then(
        (response) => Object.assign(about, { result: response }),
        () => {}, // serverless-offline prints the error
      );
    }
    return result;
  };
}

/** Notes a line of the functions' log. Returns whether the line of the request replaces it. */
function note(text: string | Uint8Array): boolean {
  const about = seen.getStore();
  if (!about || typeof text !== "string" || !text.startsWith("{")) return false;
  const { _aws, requestId, error } = parse(text);
  if (requestId && error) {
    if (about.isPrinted)
      print(errorText(error)); // of a function that ran past its timeout
    else about.errors.push(error);
  }
  return Boolean(_aws || requestId);
}

function parse(text: string): LogLine {
  try {
    return JSON.parse(text);
  } catch {
    return {}; // other output that starts with a brace
  }
}

/** Prints a text in one write, so that no other output can split it. */
function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
