import { createHash } from "node:crypto";
import {
  type DataApi as Emulator,
  type DataApiOptions as EmulatorOptions,
  startDataApi,
} from "../../emulator/src/index.ts";
import { type DataApi, type DataApiOptions, dataApi } from "../../lib/data-api.ts";
import { setFunctionsRole } from "../functions-role.ts";
import { migrate } from "../migrate.ts";

/** A local database that the functions access through the Data API, as on AWS. */
export interface LocalDatabase {
  emulator: Emulator;
  /** The database, with the owner's permissions. */
  owner: DataApi;
  /** How to connect as its owner, and as the functions' role. */
  ownerOptions: DataApiOptions;
  functionsOptions: DataApiOptions;
  /** The same as environment variables. */
  ownerEnvironment: Record<string, string>;
  functionsEnvironment: Record<string, string>;
  /** Applies the pending migrations, returns their names, and sets the functions' role. */
  migrate(): Promise<string[]>;
  /** The password of the functions' role, which `migrate` sets. */
  functionsPassword: string;
}

const ACCOUNT = "eu-west-1:000000000000";
const CLUSTER_ARN = `arn:aws:rds:${ACCOUNT}:cluster:tickets`;
const OWNER_SECRET_ARN = `arn:aws:secretsmanager:${ACCOUNT}:secret:tickets-owner`;
const FUNCTIONS_SECRET_ARN = `arn:aws:secretsmanager:${ACCOUNT}:secret:tickets-functions`;

/**
 * Starts the Data API emulator for a PostgreSQL, with a secret for its owner and one for the functions' role.
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
  // Derived from the owner's password: runs that share a PostgreSQL share the role, and so must share its password.
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
