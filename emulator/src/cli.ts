#!/usr/bin/env node
import path from "node:path";
import { parseArgs } from "node:util";
import { startDataApi } from "./data-api/server.ts";
import { givenPostgres } from "./given-postgres.ts";
import { assertFree } from "./ports.ts";
import { startPostgres } from "./postgres/postgres.ts";
import { serverPlace } from "./postgres/server-place.ts";

const usage = `aurora-data-api-emulator [--port 8081] [--data FOLDER] [--database NAME] [--latency MILLISECONDS]
                         [--max-row BYTES] [--faults]

  --port      port on 127.0.0.1 (8081); 0 picks a free port
  --data      data folder of the embedded PostgreSQL (.aurora-data-api-emulator)
  --database  database in the embedded PostgreSQL, created if it does not exist (postgres)
  --latency   delay in milliseconds added to each call (0)
  --max-row   size limit in bytes of a row in a result (65536)
  --faults    enables fault injection at /faults
  DATABASE_URL=postgres://user:password@host:5432/database uses that PostgreSQL instead of the embedded one`;

// PostgreSQL ends when this process exits, even if it is still starting.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => process.exit());

// PG* variables would change how the driver connects: a run must be the same in every shell.
for (const name of Object.keys(process.env)) if (name.startsWith("PG")) delete process.env[name];

try {
  const options = readOptions();
  if (options.help) {
    console.log(usage);
    process.exit();
  }
  const { port, latency, maxRowBytes, faults } = options;
  await assertFree(port, "127.0.0.1");
  const databaseUrl = (await givenPostgres())?.url ?? (await startEmbedded(options));
  const { url } = await startDataApi({ databaseUrl, port, latency, maxRowBytes, faults });
  const database = decodeURIComponent(new URL(databaseUrl).pathname.slice(1));
  console.log(`
Ready. For the AWS SDK or CLI, with any ARNs:

  export AWS_ENDPOINT_URL_RDS_DATA=${url} AWS_REGION=eu-west-1 AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local

The database is ${database}.${faults ? ` Faults: curl -X PUT ${url}/faults -d '{"fault": "resuming"}'` : ""}
Ctrl-C ends it.`);
} catch (error) {
  console.error(`Cannot start: ${reason(error)}`);
  process.exit(1);
}

function readOptions() {
  const { values } = parseArgs({
    options: {
      port: { type: "string", default: "8081" },
      data: { type: "string", default: ".aurora-data-api-emulator" },
      database: { type: "string", default: "postgres" },
      latency: { type: "string", default: "0" },
      "max-row": { type: "string", default: "65536" },
      faults: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const { data, database, faults, help } = values;
  const [port, latency] = [Number(values.port), Number(values.latency)];
  const maxRowBytes = Number(values["max-row"]);
  if (!Number.isInteger(port) || port < 0 || port > 65_535 || !(latency >= 0) || !(maxRowBytes >= 0))
    throw new Error(`usage: ${usage}`);
  return { port, data, database, latency, maxRowBytes, faults, help };
}

async function startEmbedded({ data, database }: { data: string; database: string }): Promise<string> {
  const place = serverPlace(path.resolve(data));
  console.log(`Starting PostgreSQL, with its data in ${place.home}`);
  return (await startPostgres(place, database)).url;
}

/** The message of an error, followed by the messages of its causes. */
function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error instanceof AggregateError ? error.errors[0] : error.cause;
  return [error.message, cause && reason(cause)].filter(Boolean).join(": ");
}
