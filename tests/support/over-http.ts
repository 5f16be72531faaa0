import * as http from "node:http";
import * as https from "node:https";
import type { ApiRequest, ApiResponse } from "./api.ts";

/** Sends requests to the API at `baseUrl`, local or deployed. */
export function overHttp(baseUrl: string): (request: ApiRequest) => Promise<ApiResponse> {
  const base = baseUrl.replace(/\/$/, "");
  return async (request) => {
    const { method, path, headers = {}, body } = request;
    const single: Record<string, string> = {};
    for (const [name, value] of Object.entries(headers)) {
      if (Array.isArray(value)) return overSocket(base, request);
      single[name] = value;
    }
    const response = await fetch(base + path, {
      method,
      headers: single,
      // As bytes, because fetch adds a Content-Type to a string.
      ...(body && { body: new Uint8Array(Buffer.from(body)) }),
    });
    return {
      status: response.status,
      headers: Object.fromEntries(response.headers),
      body: await response.text(),
    };
  };
}

/** Sends what fetch would normalize: repeated header lines, letter case, paths that are not valid in a URL. */
function overSocket(base: string, { method, path, headers = {}, body }: ApiRequest): Promise<ApiResponse> {
  return new Promise((resolve, reject) => {
    const { protocol, host, pathname } = new URL(base);
    const { request } = protocol === "https:" ? https : http;
    const lines = { Host: host, ...(body && { "Content-Length": `${Buffer.byteLength(body)}` }), ...headers };
    const options = {
      method,
      path: pathname.replace(/\/$/, "") + path,
      headers: Object.entries(lines).flatMap(([name, values]) =>
        [values].flat().flatMap((value) => [name, value]),
      ),
      agent: false,
    };
    const outgoing = request(base, options, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.on("error", reject);
      incoming.on("end", () => {
        const joined = Object.entries(incoming.headersDistinct).map(([name, values]) => [
          name,
          values?.join(", "),
        ]);
        const text = Buffer.concat(chunks).toString();
        resolve({
          status: incoming.statusCode ?? 0,
          headers: Object.fromEntries(joined),
          body: text,
        });
      });
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}
