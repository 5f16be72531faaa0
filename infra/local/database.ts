import { createHash } from "node:crypto";
import { type DataApi, type DataApiOptions, dataApi } from "../../lib/data-api.ts";
import { setFunctionsRole } from "../functions-role.ts";
import { migrate } from "../migrate.ts";
import {
  type DataApi as Emulator,
  type DataApiOptions as EmulatorOptions,
  startDataApi,
} from "./data-api/server.ts";

/** A database that the functions can reach as they do on AWS. */
export interface LocalDatabase {
  emulator: Emulator;
  /** The database, as its owner. */
  owner: DataApi;
  /** How to reach it as its owner, and as the functions' role. */
  ownerOptions: DataApiOptions;
  functionsOptions: DataApiOptions;
  /** The same, as the environment of a process. */
  ownerEnvironment: Record<string, string>;
  functionsEnvironment: Record<string, string>;
  /** Makes the tables and the functions' role; gives the names of the migrations that were pending. */
  migrate(): Promise<string[]>;
  /** Of the functions' role, once `migrate` has set it. */
  functionsPassword: string;
}

const ACCOUNT = "eu-west-1:000000000000";
const CLUSTER_ARN = `arn:aws:rds:${ACCOUNT}:cluster:tickets`;
const OWNER_SECRET_ARN = `arn:aws:secretsmanager:${ACCOUNT}:secret:tickets-owner`;
const FUNCTIONS_SECRET_ARN = `arn:aws:secretsmanager:${ACCOUNT}:secret:tickets-functions`;

/**
 * Starts the Data API emulator over a PostgreSQL, with a secret for its owner and one for the functions' role.
 *
 * @param options of the emulator
 */
export async function startLocalDatabase(
  databaseUrl: string,
  options: Pick<EmulatorOptions, "faults" | "host" | "poolSize" | "port"> = {},
): Promise<LocalDatabase> {
  const url = new URL(databaseUrl);
  const ownerSecret = {
    username: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
  };
  // Made of the owner's, so that runs that share a PostgreSQL, and with it the role, share it.
  const functionsPassword = createHash("sha256")
    .update(`functions ${ownerSecret.password}`)
    .digest("base64url");
  const functions = { username: "ticket_functions", password: functionsPassword };
  const secrets = { [OWNER_SECRET_ARN]: ownerSecret, [FUNCTIONS_SECRET_ARN]: functions };
  const emulator = await startDataApi({ databaseUrl, secrets, ...options });
  const optionsOf = (secretArn: string) => ({
    resourceArn: CLUSTER_ARN,
    secretArn,
    database: decodeURIComponent(url.pathname.slice(1)),
    endpoint: emulator.url,
    region: "eu-west-1",
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
  });
  const ownerOptions = optionsOf(OWNER_SECRET_ARN);
  const functionsOptions = optionsOf(FUNCTIONS_SECRET_ARN);
  const owner = dataApi(ownerOptions);
  return {
    emulator,
    owner,
    ownerOptions,
    functionsOptions,
    ownerEnvironment: environmentOf(ownerOptions),
    functionsEnvironment: {
      ...environmentOf(functionsOptions),
      ACCESS: "open",
      RETRY_KEY_SECRET: "local",
    },
    migrate: async () => {
      const applied = await migrate(owner);
      await setFunctionsRole(owner, functionsPassword);
      return applied;
    },
    functionsPassword,
  };
}

function environmentOf(options: DataApiOptions & { endpoint: string }): Record<string, string> {
  return {
    CLUSTER_ARN: options.resourceArn,
    SECRET_ARN: options.secretArn,
    DATABASE_NAME: options.database,
    AWS_ENDPOINT_URL_RDS_DATA: options.endpoint,
    AWS_REGION: "eu-west-1",
    AWS_ACCESS_KEY_ID: "local",
    AWS_SECRET_ACCESS_KEY: "local",
  };
}
