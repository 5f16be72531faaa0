import type { DataApiOptions } from "./data-api.ts";

// What the environment says. Functions read it as they start: what is missing or wrong stops the start with its name.

/** @throws Error naming the variable that is missing */
export function databaseFromEnvironment(): DataApiOptions {
  return {
    resourceArn: required("CLUSTER_ARN"),
    secretArn: required("SECRET_ARN"),
    database: required("DATABASE_NAME"),
  };
}

/** Whether this is a function's own process, which Lambda starts so that a request can come. */
export function isFunction(): boolean {
  return process.env.AWS_LAMBDA_INITIALIZATION_TYPE !== undefined;
}

/** The path under which clients reach the API, where it is not that of the request: behind a CDN, for example. */
export function publicBasePathFromEnvironment(): string | undefined {
  return process.env.PUBLIC_BASE_PATH || undefined;
}

const MOST_TICKETS_PER_PURCHASE = 10_000;

/**
 * What a single purchase sells at most. A deployment may lower it, not raise it: the response of one Data API call holds
 * at most 1 MiB.
 */
export function maxTicketsFromEnvironment(): number {
  const value = Number(process.env.MAX_TICKETS_PER_PURCHASE || MOST_TICKETS_PER_PURCHASE);
  if (Number.isInteger(value) && value >= 1 && value <= MOST_TICKETS_PER_PURCHASE) return value;
  throw new Error(
    `environment variable MAX_TICKETS_PER_PURCHASE is not an integer from 1 to ${MOST_TICKETS_PER_PURCHASE}`,
  );
}

/** Who may call a function, by the parameters `createAccess` and `purchaseAccess` of serverless.yml. */
export type Access = { access: "open" | "iam" | "cognito" } | { access: "key"; apiKeyIds: string[] };

/** @throws Error if the environment does not say, or says something else */
export function accessFromEnvironment(): Access {
  const access = required("ACCESS");
  switch (access) {
    case "open":
    case "iam":
    case "cognito":
      return { access };
    case "key":
      return { access, apiKeyIds: required("API_KEY_IDS").split(",") };
    default:
      throw new Error("environment variable ACCESS is not open, iam, cognito or key");
  }
}

/**
 * The secret that makes the idempotency keys of this service unforgeable.
 *
 * @throws Error if there is none
 */
export function retryKeySecretFromEnvironment(): string {
  return required("RETRY_KEY_SECRET");
}

function required(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`environment variable ${name} is not set`);
  return value;
}
