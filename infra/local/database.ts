import { createHash } from "node:crypto";
import { type DataApi, type DataApiOptions, startDataApi } from "./data-api/server.ts";

/** A database that the functions can reach as they do on AWS. */
export interface LocalDatabase {
  dataApi: DataApi;
  /** Makes the tables and the functions' role; gives the names of the migrations that were missing. */
  migrate(): Promise<string[]>;
  /** The environment in which `lib/` works as the owner of the database. */
  ownerEnvironment: Record<string, string>;
  /** The environment of the functions, which gives them the rights of their role. */
  functionsEnvironment: Record<string, string>;
  /** Of the functions' role, once `migrate` has set it. */
  functionsPassword: string;
}

const ACCOUNT = "eu-west-1:000000000000";
const CLUSTER_ARN = `arn:aws:rds:${ACCOUNT}:cluster:tickets`;
const OWNER_SECRET_ARN = `arn:aws:secretsmanager:${ACCOUNT}:secret:tickets-owner`;
const FUNCTIONS_SECRET_ARN = `arn:aws:secretsmanager:${ACCOUNT}:secret:tickets-functions`;

/**
 * Starts the Data API stand-in over a PostgreSQL, with a secret for its owner and one for the functions' role. From
 * then on, what this process loads from `lib/` works as the owner.
 *
 * @param options of the stand-in
 */
export async function startLocalDatabase(
  databaseUrl: string,
  options: Pick<DataApiOptions, "faults" | "host" | "poolSize" | "port"> = {},
): Promise<LocalDatabase> {
  const url = new URL(databaseUrl);
  const owner = { username: decodeURIComponent(url.username), password: decodeURIComponent(url.password) };
  // Made of the owner's, so that runs that share a PostgreSQL, and with it the role, share it.
  const functionsPassword = createHash("sha256").update(`functions ${owner.password}`).digest("base64url");
  const functions = { username: "ticket_functions", password: functionsPassword };
  const secrets = { [OWNER_SECRET_ARN]: owner, [FUNCTIONS_SECRET_ARN]: functions };
  const dataApi = await startDataApi({ databaseUrl, secrets, ...options });
  const environment = {
    CLUSTER_ARN,
    DATABASE_NAME: decodeURIComponent(url.pathname.slice(1)),
    AWS_ENDPOINT_URL_RDS_DATA: dataApi.url,
    AWS_REGION: "eu-west-1",
    AWS_ACCESS_KEY_ID: "local",
    AWS_SECRET_ACCESS_KEY: "local",
  };
  const ownerEnvironment = { ...environment, SECRET_ARN: OWNER_SECRET_ARN };
  Object.assign(process.env, ownerEnvironment);
  return {
    dataApi,
    ownerEnvironment,
    migrate: async () => {
      // Only now: they read the environment as they load.
      const { migrate } = await import("../migrate.ts");
      const { setFunctionsPassword } = await import("../functions-role.ts");
      const applied = await migrate();
      await setFunctionsPassword(functionsPassword);
      return applied;
    },
    functionsEnvironment: {
      ...environment,
      SECRET_ARN: FUNCTIONS_SECRET_ARN,
      ACCESS: "open",
      RETRY_KEY_SECRET: "local",
    },
    functionsPassword,
  };
}
