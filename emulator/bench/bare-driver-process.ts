// The baseline for the emulator: a minimal HTTP server in front of the driver.
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import pg from "pg";
import { reportToParent } from "./reporting.ts";

const { DATABASE_URL: connectionString = "", CONNECTIONS } = process.env;
const pool = new pg.Pool({ connectionString, max: Number(CONNECTIONS) });
pool.on("error", () => {}); // when PostgreSQL ends first

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => respond(Buffer.concat(chunks).toString(), response));
});
server.listen(0, "127.0.0.1");
await once(server, "listening");
reportToParent(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);

async function respond(body: string, response: ServerResponse): Promise<void> {
  response.setHeader("content-type", "application/json");
  try {
    const { rows } = await pool.query(JSON.parse(body));
    response.end(JSON.stringify(rows));
  } catch (error) {
    response.statusCode = 500;
    response.end(String(error));
  }
}
