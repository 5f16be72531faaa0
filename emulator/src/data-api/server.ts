import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout } from "node:timers/promises";
import { Connections } from "./connections.ts";
import type { Credentials } from "./credentials.ts";
import { ServiceError } from "./errors.ts";
import { Faults, type Loss } from "./faults.ts";
import { createOperations, type Operation } from "./operations.ts";
import { invalid, parseBody } from "./requests.ts";
import { Transactions } from "./transactions.ts";

export interface DataApiOptions {
  /** URL of PostgreSQL. Requests without a database use the database in it. */
  databaseUrl: string;
  /** Credentials of the role for each secret ARN. If undefined, every ARN uses the role in the URL. */
  secrets?: Readonly<Record<string, Credentials>>;
  /** Port to listen on; 0, the default, picks a free port. */
  port?: number;
  host?: string;
  /**
   * Limit of connections per database and role. Further calls queue; each transaction holds a connection. The default of
   * 40 leaves room for a second database within PostgreSQL's default limit of 100.
   */
  poolSize?: number;
  /** Time limit in milliseconds of a statement: 45 s by default. */
  statementTimeout?: number;
  /**
   * Size limit in bytes of a row of a result: 64 KiB by default, the documented limit. Clusters are reported to return
   * larger rows.
   */
  maxRowBytes?: number;
  /** Milliseconds without a call after which a transaction is rolled back: 3 minutes by default. */
  transactionIdleLimit?: number;
  /** Time limit in milliseconds of a transaction: 24 hours by default. */
  transactionTotalLimit?: number;
  /** Delay in milliseconds added to each call, to imitate the service's own: 0 by default. */
  latency?: number;
  /** Enables `/faults`, which makes later calls fail. */
  faults?: boolean;
}

export interface DataApi {
  /** Endpoint for an AWS SDK, as in `AWS_ENDPOINT_URL_RDS_DATA`. */
  url: string;
  /** Waits until no call is running, including calls whose client has disconnected. */
  settled(): Promise<void>;
  /** Cuts all connections, rolls back open transactions and frees the port. */
  close(): Promise<void>;
}

/** The service appends this to each error's name; SDKs remove it. */
const ERROR_NAMESPACE = "http://internal.amazon.com/coral/com.amazon.rdsdataservice/";

const maxRequestBytes = 4 * 1024 * 1024;

/**
 * Starts an emulator of the RDS Data API of Aurora PostgreSQL in front of the given PostgreSQL.
 *
 * It accepts any credentials: any process that can connect to the port has full access to the database. All limits
 * default to the service's (Aurora User Guide, "Using the Amazon RDS Data API").
 *
 * @throws Error if the port is in use
 */
export async function startDataApi(options: DataApiOptions): Promise<DataApi> {
  const { databaseUrl, secrets, poolSize = 40 } = options;
  const connections = new Connections({ databaseUrl, secrets, poolSize });
  const transactions = new Transactions(connections, {
    idle: options.transactionIdleLimit ?? 3 * 60_000,
    total: options.transactionTotalLimit ?? 24 * 3_600_000,
  });
  const service: Service = {
    operations: createOperations(connections, transactions, {
      time: options.statementTimeout ?? 45_000,
      rowBytes: options.maxRowBytes ?? 64 * 1024,
    }),
    latency: options.latency ?? 0,
    faults: options.faults ? new Faults() : undefined,
  };
  const running = new Set<Promise<void>>();
  const server = createServer((request, response) => {
    const call = respond(request, response, service).finally(() => running.delete(call));
    running.add(call);
  });
  // Longer than clients keep idle sockets, so that no socket is closed while a request is being sent.
  server.keepAliveTimeout = 600_000;
  server.listen(options.port ?? 0, options.host ?? "127.0.0.1");
  await once(server, "listening");
  const { address, family, port } = server.address() as AddressInfo;
  return {
    url: `http://${family === "IPv6" ? `[${address}]` : address}:${port}`,
    async settled() {
      while (running.size > 0) await Promise.all(running);
    },
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      transactions.close();
      await Promise.all([closed, connections.close()]);
    },
  };
}

interface Service {
  operations: Readonly<Record<string, Operation>>;
  latency: number;
  faults: Faults | undefined;
}

async function respond(request: IncomingMessage, response: ServerResponse, service: Service): Promise<void> {
  const { url = "", method } = request;
  response.setHeader("content-type", "application/json");
  response.setHeader("x-amzn-requestid", randomUUID());
  try {
    const body = await readBody(request);
    if (service.faults && url === "/faults") {
      response.end(JSON.stringify(setFaults(service.faults, request, body)));
      return;
    }
    checkSigned(request);
    const operation = method === "POST" ? service.operations[url] : undefined;
    if (operation === undefined) throw noSuchPath(request);
    if (service.latency > 0) await setTimeout(service.latency, undefined, { ref: false });
    const loss = await service.faults?.apply(url);
    const result = operation(parseBody(body), () => response.destroyed);
    if (loss) await respondWithLoss(loss, result, response);
    else response.end(JSON.stringify(await result));
  } catch (error) {
    // The client disconnected while sending.
    if (!request.complete) return;
    const { name, status, message, members } = error instanceof ServiceError ? error : internalError(error);
    response.statusCode = status;
    response.setHeader("x-amzn-errortype", `${name}:${ERROR_NAMESPACE}`);
    response.end(JSON.stringify({ ...(message !== "" && { message }), ...members }));
  }
}

/** Handles a request to `/faults`. A web page of another origin cannot send PUT or DELETE without a CORS preflight. */
function setFaults(faults: Faults, request: IncomingMessage, body: string): object {
  const { method } = request;
  if (method === "PUT") faults.add(parseBody(body));
  else if (method === "DELETE") faults.clear();
  else if (method !== "GET") throw noSuchPath(request);
  return { faults: faults.list() };
}

function noSuchPath({ method, url }: IncomingMessage): ServiceError {
  return new ServiceError("BadRequestException", `There is no ${method} ${url}`);
}

/** Waits until the call has run, then drops, truncates or replaces its response. */
async function respondWithLoss(loss: Loss, result: Promise<object>, response: ServerResponse): Promise<void> {
  const body = JSON.stringify(await result.catch(() => ({})));
  if (loss instanceof ServiceError) throw loss;
  if (loss === "drop") response.destroy();
  else response.end(body.slice(0, body.length / 2));
}

/**
 * Checks that a request has a signature, without verifying it. A web page cannot send this header to another origin
 * without a CORS preflight, so it cannot reach the database of its visitor.
 */
function checkSigned(request: IncomingMessage): void {
  if (request.headers.authorization?.startsWith("AWS4-HMAC-SHA256 ")) return;
  throw new ServiceError("MissingAuthenticationTokenException", "Missing Authentication Token");
}

/** Reads the whole body even if it is too large: a client that is still sending would not see the response. */
async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes <= maxRequestBytes) chunks.push(chunk);
  }
  if (bytes > maxRequestBytes) throw invalid("The request exceeds the size limit 4 MiB.");
  return Buffer.concat(chunks).toString();
}

/** Converts an unexpected error, a bug of the emulator, to InternalServerErrorException and logs it. */
function internalError(error: unknown): ServiceError {
  console.error(error);
  return new ServiceError("InternalServerErrorException", "", { cause: error });
}
