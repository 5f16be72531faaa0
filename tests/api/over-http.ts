import * as http from "node:http";
import * as https from "node:https";
import type { ApiRequest, ApiResponse } from "./client.ts";

/** Sends requests to the API at `baseUrl`, whatever serves it. */
export function overHttp(baseUrl: string): (request: ApiRequest) => Promise<ApiResponse> {
  const base = baseUrl.replace(/\/$/, "");
  return async ({ method, path, headers = {}, body }) => {
    const url = base + path;
    const single: Record<string, string> = {};
    for (const [name, value] of Object.entries(headers)) {
      if (Array.isArray(value))
        return overSocket(url, {
          method,
          path,
          headers,
          ...(body && { body }),
        });
      single[name] = value;
    }
    const response = await fetch(url, {
      method,
      headers: single,
      // As bytes, because fetch gives a string a Content-Type that the test did not ask for.
      ...(body && { body: new TextEncoder().encode(body) }),
    });
    return {
      status: response.status,
      headers: Object.fromEntries(response.headers),
      body: await response.text(),
    };
  };
}

/** For header lines that repeat a name: fetch would join them into one. */
function overSocket(url: string, { method, headers = {}, body }: ApiRequest): Promise<ApiResponse> {
  return new Promise((resolve, reject) => {
    const { request } = url.startsWith("https:") ? https : http;
    const outgoing = request(url, { method, headers, agent: false }, (incoming) => {
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
