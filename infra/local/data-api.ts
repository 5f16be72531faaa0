import path from "node:path";
import { parseArgs } from "node:util";
import { reasons } from "../reasons.ts";
import { startDataApi } from "./data-api/server.ts";
import { ignoreCallersSettings } from "./environment.ts";
import { givenPostgres } from "./given-database.ts";
import { assertFree } from "./ports.ts";
import { startPostgres } from "./postgres.ts";
import { serverPlace } from "./server-place.ts";

// `npm run data-api`: the stand-in alone, for other programs to use.

const usage = `npm run data-api -- [--port 8081] [--latency MILLISECONDS] [--max-row BYTES] [--faults]

  --port     where it listens on 127.0.0.1 (8081)
  --latency  how much longer each call takes (0)
  --max-row  how large a row of a result may be (65536)
  --faults   opens /faults, by which calls can be made to fail
  DATABASE_URL=postgres://... makes it serve that PostgreSQL instead of one of its own`;

// PostgreSQL, however far it has come, ends as this process exits.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => process.exit());

try {
  ignoreCallersSettings();
  const { port, latency, maxRowBytes, faults } = options();
  await assertFree(port, "127.0.0.1");
  const databaseUrl = (await givenPostgres())?.url ?? (await startEmbedded());
  const { url } = await startDataApi({ databaseUrl, port, latency, maxRowBytes, faults });
  const database = decodeURIComponent(new URL(databaseUrl).pathname.slice(1));
  console.log(`
Ready. For the AWS SDK or CLI, with any ARNs:

  export AWS_ENDPOINT_URL_RDS_DATA=${url} AWS_REGION=eu-west-1 AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local

The database is ${database}.${faults ? ` Faults: curl -X PUT ${url}/faults -d '{"fault": "resuming"}'` : ""}
Ctrl-C ends it.`);
} catch (error) {
  console.error(`Cannot start: ${reasons(error).join(": ")}`);
  process.exit(1);
}

function options() {
  const { values } = parseArgs({
    options: {
      port: { type: "string", default: "8081" },
      latency: { type: "string", default: "0" },
      "max-row": { type: "string", default: "65536" },
      faults: { type: "boolean", default: false },
    },
  });
  const [port, latency] = [Number(values.port), Number(values.latency)];
  const maxRowBytes = Number(values["max-row"]);
  if (!Number.isInteger(port) || port < 0 || port > 65_535 || !(latency >= 0) || !(maxRowBytes >= 0))
    throw new Error(`usage: ${usage}`);
  return { port, latency, maxRowBytes, faults: values.faults };
}

async function startEmbedded(): Promise<string> {
  const place = serverPlace(path.resolve(import.meta.dirname, "../../.local/postgres"));
  console.log(`Starting PostgreSQL, with its data in ${place.home}`);
  return (await startPostgres(place)).url;
}
