import { setTimeout } from "node:timers/promises";
import type { CloudFormationCustomResourceEvent } from "aws-lambda";
import { databaseFromEnvironment } from "../../lib/config.ts";
import { type DataApi, dataApi } from "../../lib/data-api.ts";
import { setFunctionsRole } from "../functions-role.ts";
import { migrate } from "../migrate.ts";
import { reasons } from "../reasons.ts";
import { functionsPassword } from "./functions-secret.ts";

/** Characters of a reason. CloudFormation limits the whole response to 4,096 bytes. */
const MAX_REASON = 1_000;

/** How long to wait for the database, in milliseconds. It, its secret or the permissions may be only seconds old. */
const PATIENCE = 120_000;

/**
 * Handles the custom resource `Migrations` (migrations.yml): applies the migrations and sets up the functions' database
 * role, before the functions are deployed. If it fails, the deploy fails and the functions stay as they were.
 *
 * It may run twice for one event, or concurrently: both steps are safe to repeat. `Delete` and a rollback undo nothing,
 * since the previous functions work with the new schema too (docs/operations.md).
 */
export async function handler(event: CloudFormationCustomResourceEvent): Promise<void> {
  const outcome =
    event.RequestType === "Delete"
      ? { Status: "SUCCESS" }
      : await makeReady().then(
          () => ({ Status: "SUCCESS" }),
          (error) => ({ Status: "FAILED", Reason: reasons(error).join(": ").slice(0, MAX_REASON) }),
        );
  console.log({ request: event.RequestType, ...outcome });
  await respond(event, outcome);
}

async function makeReady(): Promise<void> {
  const database = dataApi(databaseFromEnvironment());
  await untilAvailable(database);
  for (const name of await migrate(database)) console.log({ applied: name });
  await setFunctionsRole(database, await functionsPassword(process.env.FUNCTIONS_SECRET_ARN));
}

async function untilAvailable(database: DataApi): Promise<void> {
  for (const end = performance.now() + PATIENCE; ; ) {
    try {
      await database.query("select 1");
      return;
    } catch (error) {
      if (performance.now() > end) throw error;
      await setTimeout(2_000);
    }
  }
}

/**
 * Sends the outcome to CloudFormation.
 *
 * @see AWS CloudFormation User Guide, "Custom resource response objects"
 */
async function respond(event: CloudFormationCustomResourceEvent, outcome: object): Promise<void> {
  const { StackId, RequestId, LogicalResourceId, ResponseURL } = event;
  const body = JSON.stringify({
    ...outcome,
    PhysicalResourceId: "migrations",
    StackId,
    RequestId,
    LogicalResourceId,
  });
  // The URL is signed for a request without a type.
  const headers = { "Content-Type": "" };
  const response = await fetch(ResponseURL, { method: "PUT", headers, body });
  if (!response.ok) throw new Error(`CloudFormation rejected the response: ${response.status}`);
}
