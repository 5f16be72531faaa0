const MOST_TICKETS_PER_PURCHASE = 10_000;

/** What the environment says, read once at load: what is missing or wrong stops the start with its name. */
export const config = {
  clusterArn: required("CLUSTER_ARN"),
  secretArn: required("SECRET_ARN"),
  databaseName: required("DATABASE_NAME"),
  maxTicketsPerPurchase: maxTicketsPerPurchase(),
  /** Whether this is a function's own process, which Lambda starts so that a request can come. */
  isFunction: process.env.AWS_LAMBDA_INITIALIZATION_TYPE !== undefined,
};

function required(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`environment variable ${name} is not set`);
  return value;
}

/** A deployment may lower it, not raise it: a Data API call answers 1 MiB, and each ticket's id takes its share. */
function maxTicketsPerPurchase(): number {
  const value = Number(process.env.MAX_TICKETS_PER_PURCHASE || MOST_TICKETS_PER_PURCHASE);
  if (Number.isInteger(value) && value >= 1 && value <= MOST_TICKETS_PER_PURCHASE) return value;
  throw new Error(
    `environment variable MAX_TICKETS_PER_PURCHASE is not an integer from 1 to ${MOST_TICKETS_PER_PURCHASE}`,
  );
}
