import { AsyncLocalStorage } from "node:async_hooks";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from "aws-lambda";
import { errorText, type LoggedError, type Outcome, requestLine, unreadableLine } from "./request-line.ts";

/** A function of the service. */
export type Handler = (event: APIGatewayProxyEvent, ...others: unknown[]) => Promise<APIGatewayProxyResult>;

/** What is known of a request. */
interface Seen extends Outcome {
  /** What its function has logged. */
  errors: LoggedError[];
  /** Resolves as its function ends. */
  ended?: Promise<unknown>;
  isPrinted?: boolean;
}

/** What this uses of a line of the functions' log, which is JSON: about metrics, or about a request. */
interface LogLine {
  _aws?: unknown;
  requestId?: string;
  error?: LoggedError;
}

const seen = new AsyncLocalStorage<Seen>();

/** The request that a connection is at. */
const atWork = new WeakMap<Duplex, Seen>();

/**
 * Prints a readable line for each request, with the errors that its function has logged, instead of the functions' JSON
 * lines about requests and metrics. All else that this process prints stays as it is.
 */
export function logRequests(server: Server): void {
  const begin = (request: IncomingMessage, response: ServerResponse) => {
    const about: Seen = { errors: [] };
    seen.enterWith(about);
    const { socket } = request;
    atWork.set(socket, about);
    const began = performance.now();
    response.once("close", async () => {
      atWork.delete(socket);
      const milliseconds = Math.round(performance.now() - began);
      if (!response.writableFinished) await about.ended; // what came of it, although the client has disconnected
      const line = requestLine({ request, response, milliseconds, ...about });
      print([line, ...about.errors.map(errorText)].join("\n"));
      about.isPrinted = true;
    });
  };
  // Before the listeners of serverless-offline, whose work then finds what is known of its request.
  for (const event of ["request", "checkContinue"]) server.prependListener(event, begin);
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    if (!error.code?.startsWith("HPE_")) return; // the connection broke
    const about = atWork.get(socket);
    if (about) about.unreadable = error.message;
    else print(unreadableLine(error.message));
  });
  for (const stream of [process.stdout, process.stderr]) {
    const write = stream.write.bind(stream);
    const noteOrWrite = (...args: Parameters<typeof write>) => note(args[0]) || write(...args);
    stream.write = noteOrWrite as typeof write;
  }
}

/** Notes what a response holds that no function gives. */
export function noteResponse(body: string): void {
  const about = seen.getStore();
  if (about) about.result = { body };
}

/** The same function, whose requests and responses are noted. */
export function noted(handler: Handler): Handler {
  return (event, ...others) => {
    const result = handler(event, ...others);
    const about = seen.getStore();
    if (about) {
      about.requestId = event.requestContext.requestId;
      about.ended = Promise.resolve(result).then(
        (response) => Object.assign(about, { result: response }),
        () => {}, // serverless-offline prints why
      );
    }
    return result;
  };
}

/** Whether the text is a line of the functions' log that the line of the request replaces. */
function note(text: string | Uint8Array): boolean {
  const about = seen.getStore();
  if (!about || typeof text !== "string" || !text.startsWith("{")) return false;
  const { _aws, requestId, error } = parse(text);
  if (requestId && error) {
    if (about.isPrinted)
      print(errorText(error)); // of a function that ran for too long
    else about.errors.push(error);
  }
  return Boolean(_aws || requestId);
}

function parse(text: string): LogLine {
  try {
    return JSON.parse(text);
  } catch {
    return {}; // something else that begins with a brace
  }
}

/** In one piece, so that nothing else comes between. */
function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
