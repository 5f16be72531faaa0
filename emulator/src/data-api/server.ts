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
  /** URL of PostgreSQL; its database serves the requests that name none. */
  databaseUrl: string;
  /** The role that each secret stands for, by the secret's ARN. Without any, all ARNs stand for the URL's own role. */
  secrets?: Readonly<Record<string, Credentials>>;
  /** Port to listen on; 0, the default, takes any that is free. */
  port?: number;
  host?: string;
  /**
   * Connections to one database as one role at most; calls beyond them queue, transactions hold theirs. The default of 40
   * leaves room for a second database in PostgreSQL's own default of 100.
   */
  poolSize?: number;
  /** Milliseconds a statement may take: 45 s by default. */
  statementTimeout?: number;
  /**
   * Bytes a row of a result may have: 64 KiB by default, which is the documented limit. Clusters are reported to return
   * larger rows.
   */
  maxRowBytes?: number;
  /** Milliseconds a transaction may be without a call: 3 minutes by default. */
  transactionIdleLimit?: number;
  /** Milliseconds a transaction may last: 24 hours by default. */
  transactionTotalLimit?: number;
  /** Milliseconds that each call takes longer, as the service's own work does: 0 by default. */
  latency?: number;
  /** Opens `/faults`, by which the calls to come can be made to fail. */
  faults?: boolean;
}

export interface DataApi {
  /** Endpoint to give to an AWS SDK, as in `AWS_ENDPOINT_URL_RDS_DATA`. */
  url: string;
  /** Waits until no call is running any more, not even one whose caller has gone. */
  settled(): Promise<void>;
  /** Cuts all connections, rolls back open transactions and frees the port. */
  close(): Promise<void>;
}

/** The service sends it after each error's name; SDKs cut it off. */
const ERROR_NAMESPACE = "http://internal.amazon.com/coral/com.amazon.rdsdataservice/";

const maxRequestBytes = 4 * 1024 * 1024;

/**
 * Starts an emulator of the RDS Data API of Aurora PostgreSQL, over a PostgreSQL of one's own.
 *
 * Any credentials will do: whoever can open a connection to the port has the database. The defaults of all
 * limits are the service's (Aurora User Guide, "Using the Amazon RDS Data API").
 *
 * @throws if the port is taken
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
    const call = answer(request, response, service).finally(() => running.delete(call));
    running.add(call);
  });
  // Longer than clients keep idle sockets, so that none is closed under a request being sent.
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

async function answer(request: IncomingMessage, response: ServerResponse, service: Service): Promise<void> {
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
    const loss = await service.faults?.meet(url);
    const result = operation(parseBody(body), () => response.destroyed);
    if (loss) await lose(loss, result, response);
    else response.end(JSON.stringify(await result));
  } catch (error) {
    // The caller went away while sending.
    if (!request.complete) return;
    const { name, status, message, members } = error instanceof ServiceError ? error : failure(error);
    response.statusCode = status;
    response.setHeader("x-amzn-errortype", `${name}:${ERROR_NAMESPACE}`);
    response.end(JSON.stringify({ ...(message !== "" && { message }), ...members }));
  }
}

/** The methods are such as a web page of another origin cannot use unasked. */
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

/** Lets the call run to its end, and then does not give its response. */
async function lose(loss: Loss, result: Promise<object>, response: ServerResponse): Promise<void> {
  const answer = JSON.stringify(await result.catch(() => ({})));
  if (loss instanceof ServiceError) throw loss;
  if (loss === "drop") response.destroy();
  else response.end(answer.slice(0, answer.length / 2));
}

/**
 * Signatures are not verified, but must be there: a web page cannot send this header to another origin without being
 * asked first, and so cannot reach the database of whoever looks at it.
 */
function checkSigned(request: IncomingMessage): void {
  if (request.headers.authorization?.startsWith("AWS4-HMAC-SHA256 ")) return;
  throw new ServiceError("MissingAuthenticationTokenException", "Missing Authentication Token");
}

/** Reads a body that is too long to its end all the same: a caller still sending would not see the answer. */
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

/** A fault of the emulator itself, to be seen by whoever runs it. */
function failure(error: unknown): ServiceError {
  console.error(error);
  return new ServiceError("InternalServerErrorException", "", { cause: error });
}
