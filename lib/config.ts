import type { DataApiOptions } from "./data-api.ts";

// The settings from the environment. Functions read them at start, which fails if a variable is missing or invalid.

/**
 * The database of the functions.
 *
 * @throws Error naming the variable that is missing
 */
export function databaseFromEnvironment(): DataApiOptions {
  return {
    resourceArn: required("CLUSTER_ARN"),
    secretArn: required("SECRET_ARN"),
    database: required("DATABASE_NAME"),
  };
}

/** Whether this process serves requests as a function. Lambda sets the variable, and so does `npm run dev`. */
export function isFunction(): boolean {
  return process.env.AWS_LAMBDA_INITIALIZATION_TYPE !== undefined;
}

/** The path of the API as clients see it, if it differs from that of the request, e.g. behind a CDN. */
export function publicBasePathFromEnvironment(): string | undefined {
  return process.env.PUBLIC_BASE_PATH || undefined;
}

const MAX_TICKETS_PER_PURCHASE = 10_000;

/**
 * The limit of tickets in one purchase. A deployment can lower it, but not raise it, since a Data API response is
 * limited to 1 MiB.
 *
 * @throws Error if the variable is not an integer within the range
 */
export function maxTicketsFromEnvironment(): number {
  return limitFromEnvironment("MAX_TICKETS_PER_PURCHASE", MAX_TICKETS_PER_PURCHASE);
}

const MAX_HOLD_SECONDS = 86_400;

/**
 * The limit of how long tickets can be held, in seconds. A deployment can lower it.
 *
 * @throws Error if the variable is not an integer within the range
 */
export function maxHoldSecondsFromEnvironment(): number {
  return limitFromEnvironment("MAX_HOLD_SECONDS", MAX_HOLD_SECONDS);
}

function limitFromEnvironment(name: string, max: number): number {
  const value = Number(process.env[name] || max);
  if (Number.isInteger(value) && value >= 1 && value <= max) return value;
  throw new Error(`environment variable ${name} is not an integer from 1 to ${max}`);
}

/** Who may call a function: the parameters `createAccess` and `purchaseAccess` of serverless.yml. */
export type Access = { access: "open" | "iam" | "cognito" } | { access: "key"; apiKeyIds: string[] };

/**
 * Who may call the function of this process.
 *
 * @throws Error if ACCESS is missing or invalid
 */
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
 * The secret that signs the idempotency keys of this service.
 *
 * @throws Error if it is missing
 */
export function retryKeySecretFromEnvironment(): string {
  return required("RETRY_KEY_SECRET");
}

function required(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`environment variable ${name} is not set`);
  return value;
}
