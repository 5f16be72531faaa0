import { startLocalDatabase } from "../local/database.ts";

// The Data API stand-in in a container of its own (localstack-compose.yml), over the PostgreSQL in DATABASE_URL.

const databaseUrl = String(process.env.DATABASE_URL);
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit());

// Nobody else can reach it before the tables are there.
const { emulator, migrate } = await startLocalDatabase(databaseUrl);
for (const name of await migrate()) console.log(`applied ${name}`);
await emulator.close();
await startLocalDatabase(databaseUrl, { host: "0.0.0.0", port: 8080 });
console.log("ready");
