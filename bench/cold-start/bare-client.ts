// The baseline for the functions: the smallest function that runs a statement, with the SDK's defaults.
import { ExecuteStatementCommand, RDSDataClient } from "@aws-sdk/client-rds-data";

const client = new RDSDataClient({});

export function handler(): Promise<unknown> {
  const { CLUSTER_ARN: resourceArn, SECRET_ARN: secretArn, DATABASE_NAME: database } = process.env;
  return client.send(new ExecuteStatementCommand({ resourceArn, secretArn, database, sql: "select 1" }));
}
