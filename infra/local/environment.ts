import { devNull } from "node:os";

/**
 * The variables that change how the AWS SDK, node-postgres, Powertools, serverless-offline or `lib/` work: endpoints,
 * proxies, database connections, logging, the caller's identity, the limits of a purchase.
 */
const SETTINGS =
  /^(AWS_.*|PG.*|POWERTOOLS_.*|LOG_LEVEL|ENVIRONMENT|TZ|_X_AMZN_TRACE_ID|SLS_.*|AUTHORIZER|PRINCIPAL_ID|MAX_TICKETS_PER_PURCHASE|MAX_HOLD_SECONDS|NODE_USE_ENV_PROXY)$/;

/**
 * Removes the caller's settings from the environment of this process, and hides the caller's AWS profile, so that a
 * local run works the same in every shell and sends no request to AWS. Call it at the start, before the program sets
 * variables.
 */
export function ignoreCallersSettings(): void {
  for (const name of Object.keys(process.env)) if (SETTINGS.test(name)) delete process.env[name];
  // Otherwise the SDK reads ~/.aws, where a profile can set endpoints too.
  Object.assign(process.env, { AWS_CONFIG_FILE: devNull, AWS_SHARED_CREDENTIALS_FILE: devNull });
}
