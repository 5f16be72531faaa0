const MOST_TICKETS_PER_PURCHASE = 10_000;

/** What the environment says, read once at load: what is missing or wrong stops the start with its name. */
export const config = {
  clusterArn: required("CLUSTER_ARN"),
  secretArn: required("SECRET_ARN"),
  databaseName: required("DATABASE_NAME"),
  maxTicketsPerPurchase: maxTicketsPerPurchase(),
  /** The path under which clients reach the API, where it is not that of the request: behind a CDN, for example. */
  publicBasePath: process.env.PUBLIC_BASE_PATH || undefined,
  /** Whether this is a function's own process, which Lambda starts so that a request can come. */
  isFunction: process.env.AWS_LAMBDA_INITIALIZATION_TYPE !== undefined,
};

/**
 * Who may call a function, by the parameters `createAccess` and `purchaseAccess` of serverless.yml. API Gateway checks
 * signatures, tokens and keys; it takes the key of any usage plan, so that the function compares whose it is.
 *
 * @throws Error if the environment does not say
 */
export function accessFromEnvironment() {
  const access = required("ACCESS");
  switch (access) {
    case "open":
    case "iam":
    case "cognito":
      return { access } as const;
    case "key":
      return { access, apiKeyIds: required("API_KEY_IDS").split(",") } as const;
    default:
      throw new Error("environment variable ACCESS is not open, iam, cognito or key");
  }
}

/**
 * The secret that makes the idempotency keys of this service unforgeable.
 *
 * @throws Error if the environment does not say
 */
export function retryKeySecretFromEnvironment(): string {
  return required("RETRY_KEY_SECRET");
}

function required(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`environment variable ${name} is not set`);
  return value;
}

/** A deployment may lower it, not raise it: the response of one Data API call holds at most 1 MiB. */
function maxTicketsPerPurchase(): number {
  const value = Number(process.env.MAX_TICKETS_PER_PURCHASE || MOST_TICKETS_PER_PURCHASE);
  if (Number.isInteger(value) && value >= 1 && value <= MOST_TICKETS_PER_PURCHASE) return value;
  throw new Error(
    `environment variable MAX_TICKETS_PER_PURCHASE is not an integer from 1 to ${MOST_TICKETS_PER_PURCHASE}`,
  );
}
