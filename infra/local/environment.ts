import { devNull } from "node:os";

/**
 * What changes how the AWS SDK, node-postgres, Powertools, serverless-offline or `lib/` work: where calls go and how,
 * how the database is reached, what is logged, who a request comes from, how much one purchase sells.
 */
const SETTINGS =
  /^(AWS_.*|PG.*|POWERTOOLS_.*|LOG_LEVEL|ENVIRONMENT|TZ|_X_AMZN_TRACE_ID|SLS_.*|AUTHORIZER|PRINCIPAL_ID|MAX_TICKETS_PER_PURCHASE|NODE_USE_ENV_PROXY)$/;

/**
 * Removes the caller's settings from the environment of this process, and hides the caller's AWS profile: a local run
 * is the same in every shell, and calls only itself. For the start of a program: what the program sets comes later.
 */
export function ignoreCallersSettings(): void {
  for (const name of Object.keys(process.env)) if (SETTINGS.test(name)) delete process.env[name];
  // Else the SDK reads ~/.aws, where a profile can choose other endpoints just as well.
  Object.assign(process.env, { AWS_CONFIG_FILE: devNull, AWS_SHARED_CREDENTIALS_FILE: devNull });
}
