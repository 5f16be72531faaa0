// What the functions are compared with: the least that can run a statement, with everything as the SDK has it.
import { ExecuteStatementCommand, RDSDataClient } from "@aws-sdk/client-rds-data";

const client = new RDSDataClient({});

export function handler(): Promise<unknown> {
  const { CLUSTER_ARN: resourceArn, SECRET_ARN: secretArn, DATABASE_NAME: database } = process.env;
  return client.send(new ExecuteStatementCommand({ resourceArn, secretArn, database, sql: "select 1" }));
}
