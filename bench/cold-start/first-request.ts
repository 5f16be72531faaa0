import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { setTimeout } from "node:timers/promises";
import { eventOf } from "../../tests/support/gateway-event.ts";
import { type Spread, spread } from "../figures.ts";

/** Milliseconds of each Data API call, without the connection: about the reported overhead of AWS's Data API. */
const LATENCY = 10;

export interface FirstRequest {
  name: string;
  /** Milliseconds. */
  import: Spread;
  request: Spread;
  /** Number of connections to the Data API. */
  connections: Spread;
  /** Ratio to the request's time without preparation in the same round. */
  share: Spread;
}

/** A function prepares its connection only if Lambda started it (`prepareConnection` in lib/data-api.ts). */
const variants = [
  { name: "nothing prepared", environment: {} },
  { name: "prepared", environment: { AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand" } },
];

/** Measures the first request of the packaged `get` in that file, over TLS, each time in a new process. */
export async function measureFirstRequests(
  file: string,
  folder: string,
  environment: Record<string, string>,
  runs: number,
): Promise<FirstRequest[]> {
  const dataApi = await startDataApi(folder);
  const next = createServer((_request, response) => response.end(JSON.stringify(event))).listen(
    0,
    "127.0.0.1",
  );
  await once(next, "listening");
  const nextUrl = `http://127.0.0.1:${(next.address() as AddressInfo).port}`;
  const measured = variants.map(() => [] as { import: number; request: number; connections: number }[]);
  for (let run = 0; run < runs; run++)
    for (const [index, variant] of variants.entries()) {
      const before = dataApi.connections();
      const child = spawn(
        process.execPath,
        [path.join(import.meta.dirname, "first-request.cjs"), file, nextUrl],
        {
          env: {
            ...environment,
            ...variant.environment,
            AWS_ENDPOINT_URL_RDS_DATA: dataApi.url,
            NODE_EXTRA_CA_CERTS: dataApi.certificate,
          },
          stdio: ["ignore", "ignore", "pipe"],
        },
      );
      const result = JSON.parse(Buffer.concat(await child.stderr.toArray()).toString());
      if (result.statusCode !== 200) throw new Error(`the first request got ${result.statusCode}`);
      measured[index]?.push({ ...result, connections: dataApi.connections() - before });
    }
  dataApi.close();
  next.close();
  return variants.map(({ name }, index) => {
    const own = measured[index] ?? [];
    return {
      name,
      import: spread(own.map((run) => run.import)),
      request: spread(own.map((run) => run.request)),
      connections: spread(own.map((run) => run.connections)),
      share: spread(own.map((run, turn) => run.request / (measured[0]?.[turn]?.request ?? Number.NaN))),
    };
  });
}

const event = eventOf(
  { method: "GET", path: "/ticket_options/01900000-0000-7000-8000-000000000000" },
  { resource: "/ticket_options/{id}", stage: "bench" },
  { id: "01900000-0000-7000-8000-000000000000" },
);

const columns = ["id", "name", "description", "allocation", "capacity", "createdAt", "updatedAt"];

/** Starts a Data API over TLS that returns one row for every statement, with a self-signed certificate. */
async function startDataApi(folder: string) {
  const [key, certificate] = [path.join(folder, "key.pem"), path.join(folder, "certificate.pem")];
  const algorithm = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1"];
  const names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
  execFileSync("openssl", ["req", "-x509", ...algorithm, ...names, "-keyout", key, "-out", certificate], {
    stdio: "ignore",
  });
  const body = JSON.stringify({
    numberOfRecordsUpdated: 0,
    records: [columns.map(() => ({ stringValue: "2026-01-02 03:04:05" }))],
    columnMetadata: columns.map((label) => ({
      label,
      typeName: label.endsWith("At") ? "timestamptz" : "text",
    })),
  });
  let connections = 0;
  const server = createTlsServer(
    { key: readFileSync(key), cert: readFileSync(certificate) },
    async (request, response) => {
      await request.resume().toArray();
      await setTimeout(LATENCY);
      response.writeHead(200, { "Content-Type": "application/json" }).end(body);
    },
  );
  server.on("secureConnection", () => {
    connections += 1;
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `https://localhost:${(server.address() as AddressInfo).port}`,
    certificate,
    connections: () => connections,
    close: () => server.close(),
  };
}
