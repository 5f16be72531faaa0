/** The environment in which the functions find the Data API stand-in. */
export function localEnvironment(dataApiUrl: string): Record<string, string> {
  return {
    CLUSTER_ARN: "arn:aws:rds:eu-west-1:000000000000:cluster:tickets",
    SECRET_ARN: "arn:aws:secretsmanager:eu-west-1:000000000000:secret:tickets",
    DATABASE_NAME: "tickets",
    AWS_ENDPOINT_URL_RDS_DATA: dataApiUrl,
    AWS_REGION: "eu-west-1",
    AWS_ACCESS_KEY_ID: "local",
    AWS_SECRET_ACCESS_KEY: "local",
    POWERTOOLS_DEV: "true", // logs by the console, which the test runner keeps to the tests that fail
  };
}
