import { ExecuteStatementCommand, RDSDataClient } from "@aws-sdk/client-rds-data";
import type { Run } from "./run.ts";

/** Waits until `npm run dev:data-api` is ready and returns the environment variables that it prints for an AWS SDK. */
export async function exported(run: Run): Promise<Record<string, string>> {
  await run.line(/^Ctrl-C ends it/);
  const pairs = (await run.line(/^ {2}export /)).trim().split(" ").slice(1);
  return Object.fromEntries(pairs.map((pair) => pair.split("=")));
}

/** Returns a function that runs a statement on the emulator. */
export function emulatorClient(environment: Record<string, string>) {
  const client = new RDSDataClient({
    endpoint: environment.AWS_ENDPOINT_URL_RDS_DATA ?? "",
    region: environment.AWS_REGION ?? "",
    credentials: {
      accessKeyId: environment.AWS_ACCESS_KEY_ID ?? "",
      secretAccessKey: environment.AWS_SECRET_ACCESS_KEY ?? "",
    },
  });
  return (sql: string) =>
    client.send(
      new ExecuteStatementCommand({
        resourceArn: "arn:aws:rds:eu-west-1:111122223333:cluster:any",
        secretArn: "arn:aws:secretsmanager:eu-west-1:111122223333:secret:any",
        sql,
      }),
    );
}
