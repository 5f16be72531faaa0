// The baseline for the functions: the smallest function that runs their statement, with the SDK's defaults.
import { ExecuteStatementCommand, RDSDataClient } from "@aws-sdk/client-rds-data";

const client = new RDSDataClient({});
const statement = JSON.parse(process.env.STATEMENT ?? "");

export async function handler() {
  await client.send(new ExecuteStatementCommand(statement));
  return { statusCode: 200 };
}
