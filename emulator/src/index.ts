// The package's only entry point.
export type { Credentials } from "./data-api/credentials.ts";
export { type FaultKind, faultKinds } from "./data-api/faults.ts";
export { type DataApi, type DataApiOptions, startDataApi } from "./data-api/server.ts";
export { givenPostgres } from "./given-postgres.ts";
export { assertFree, freePort } from "./ports.ts";
export { type Postgres, reachPostgres, removePostgres, startPostgres } from "./postgres/postgres.ts";
export { type ServerPlace, serverPlace } from "./postgres/server-place.ts";
export { startTemporaryPostgres, type TemporaryPostgres } from "./postgres/temporary.ts";
