import { startLocalDatabase } from "../local/database.ts";

// Runs the Data API emulator in its own container (localstack-compose.yml), for the PostgreSQL in DATABASE_URL.

const databaseUrl = String(process.env.DATABASE_URL);
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit());

// Other containers cannot reach it until the migrations are applied.
const { emulator, migrate } = await startLocalDatabase(databaseUrl);
for (const name of await migrate()) console.log(`applied ${name}`);
await emulator.close();
await startLocalDatabase(databaseUrl, { host: "0.0.0.0", port: 8080 });
console.log("ready");
