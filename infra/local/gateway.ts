import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from "node:http";
import { promisify } from "node:util";
import { gunzip, inflate } from "node:zlib";
import { PREFLIGHT_TYPES } from "../preflight.ts";
import { gatewayResponses } from "./gateway-responses.ts";
import { noteResponse } from "./request-log.ts";
import { Turns } from "./turns.ts";

/** The part of hapi, the HTTP server in serverless-offline, that this module uses. */
export interface Hapi {
  listener: Server;
  settings: { compression: unknown; router: { stripTrailingSlash: boolean } };
  match(method: string, path: string): { path: string } | null;
  ext(event: "onRequest", method: (request: HapiRequest, toolkit: Toolkit) => Promise<symbol>): void;
}

interface HapiRequest {
  /** In lower case. */
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  payload?: Buffer;
  mime?: string;
  raw: { req: IncomingMessage; res: ServerResponse };
}

interface Toolkit {
  continue: symbol;
  /** Returned when the response has been sent. */
  abandon: symbol;
}

/** As in serverless.yml, under `custom`. */
export interface Cors {
  origin: string;
  headers: string[];
  methods?: string[];
  maxAge?: number;
}

/** The limit of concurrent requests: each may need one of the emulator's 40 connections for the functions. */
const AT_ONCE = 40;

/** API Gateway's limit of a body in bytes, both compressed and decompressed. */
const MAX_BODY = 10 * 1024 * 1024;

/** The encodings that API Gateway decompresses. */
const decoders = { gzip: promisify(gunzip), deflate: promisify(inflate) };

/** The only headers that serverless-offline needs: the key for private routes, the user agent for the event. */
const HEADERS_FOR_HAPI = new Set(["x-api-key", "user-agent"]);

/** The path of serverless-offline's own route for unknown paths. */
const UNKNOWN = "/{p*}";

/**
 * Makes serverless-offline's HTTP server work like the deployed API: only the same routes, the same responses to
 * preflights and to requests that reach no function, and bodies that are decompressed but otherwise unchanged.
 * Requests over AT_ONCE wait before the time of their function starts, since Lambda would run each of them at once.
 */
export function emulateApiGateway(server: Hapi, cors: Cors): void {
  server.settings.router.stripTrailingSlash = false;
  server.settings.compression = false;
  // Longer than clients keep idle sockets, so that no socket closes while a client sends a request on it.
  server.listener.keepAliveTimeout = 600_000;
  const refuse = gatewayResponses();
  const turns = new Turns(AT_ONCE);

  server.ext("onRequest", async (request, { continue: proceed, abandon }) => {
    const { req, res } = request.raw;
    const respond = (type: string) => {
      noteResponse(refuse(res, type));
      return abandon;
    };
    const methods = methodsOf(server, request.path);
    if (!methods) return respond("DEFAULT_4XX");
    if (methods.length > 0 && request.method === "options") {
      const type = mediaType(req.headers["content-type"]);
      if (!PREFLIGHT_TYPES.includes(type)) return respond("DEFAULT_4XX");
      res.writeHead(200, preflight(cors, methods)).end();
      return abandon;
    }
    if (!methods.includes(request.method)) return respond("MISSING_AUTHENTICATION_TOKEN");

    if (request.method !== "get") {
      const body = await bodyOf(req, res);
      if (!Buffer.isBuffer(body)) return respond(body);
      request.payload = body;
      request.mime = "application/octet-stream"; // else serverless-offline parses JSON and passes on the result
    }
    if (!(await turns.take(res))) return abandon; // after the body has arrived: a slow client must not occupy a turn
    // Other headers would make hapi and serverless-offline send partial responses or other statuses, or misread bodies.
    for (const name of Object.keys(request.headers))
      if (!HEADERS_FOR_HAPI.has(name)) delete request.headers[name];
    return proceed;
  });
}

/** The methods of a path, in lower case; undefined if the path is malformed. */
function methodsOf(server: Hapi, path: string): string[] | undefined {
  try {
    return ["get", "post", "patch", "put", "delete"].filter((method) => {
      const route = server.match(method, path);
      return route !== null && route.path !== UNKNOWN;
    });
  } catch {
    return undefined; // a broken escape
  }
}

function mediaType(header = "application/json"): string {
  return header.replace(/;.*/, "").trim().toLowerCase();
}

/** The headers of a preflight's response, as the framework configures them for API Gateway. */
function preflight(cors: Cors, methods: string[]): Record<string, string> {
  const allowed = [...(cors.methods ?? []), "OPTIONS", ...methods.map((method) => method.toUpperCase())];
  return {
    "Content-Type": "application/json",
    "Content-Length": "0",
    "Access-Control-Allow-Origin": cors.origin,
    "Access-Control-Allow-Headers": cors.headers.join(","),
    "Access-Control-Allow-Methods": [...new Set(allowed)].join(","),
    ...(cors.maxAge && { "Access-Control-Max-Age": `${cors.maxAge}` }),
  };
}

/** Reads and decompresses the body. Returns the type of API Gateway's response if that fails. */
async function bodyOf(req: IncomingMessage, res: ServerResponse): Promise<Buffer | string> {
  if (req.headers.expect?.toLowerCase() === "100-continue") res.writeContinue();
  const chunks: Buffer[] = [];
  let bytes = 0;
  // Read to the end in any case: a client that is still sending would not see the response.
  for await (const chunk of req) {
    bytes += chunk.length;
    if (bytes <= MAX_BODY) chunks.push(chunk);
  }
  if (bytes > MAX_BODY) return "REQUEST_TOO_LARGE";
  const body = Buffer.concat(chunks);

  const coding = req.headers["content-encoding"]?.trim().toLowerCase() ?? "identity";
  if (bytes === 0 || coding === "identity") return body;
  const decode = Object.hasOwn(decoders, coding) && decoders[coding as keyof typeof decoders];
  if (!decode) return "DEFAULT_4XX";
  try {
    return await decode(body, { maxOutputLength: MAX_BODY });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === "ERR_BUFFER_TOO_LARGE" ? "REQUEST_TOO_LARGE" : "DEFAULT_4XX";
  }
}
