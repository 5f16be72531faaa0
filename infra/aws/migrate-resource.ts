import { setTimeout } from "node:timers/promises";
import type { CloudFormationCustomResourceEvent } from "aws-lambda";
import { databaseFromEnvironment } from "../../lib/config.ts";
import { type DataApi, dataApi } from "../../lib/data-api.ts";
import { setFunctionsRole } from "../functions-role.ts";
import { migrate } from "../migrate.ts";
import { reasons } from "../reasons.ts";
import { functionsPassword } from "./functions-secret.ts";

/** What CloudFormation takes in an answer is limited to 4,096 bytes in all. */
const MAX_REASON = 1_000;

/** Milliseconds for which a database may give no answer: it, its secret or the right to use them may be seconds old. */
const PATIENCE = 120_000;

/**
 * The custom resource `Migrations` (migrations.yml): makes the database ready for the functions that are about to be
 * deployed. A failure fails the deploy, before the functions change.
 *
 * It may run twice for one event, or while another runs: both parts are safe to repeat. Nothing is undone on `Delete`,
 * nor when a deploy is rolled back: what is there already suits the functions of before (docs/operations.md).
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
  await answer(event, outcome);
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

/** @see AWS CloudFormation User Guide, "Custom resource response objects" */
async function answer(event: CloudFormationCustomResourceEvent, outcome: object): Promise<void> {
  const { StackId, RequestId, LogicalResourceId, ResponseURL } = event;
  const body = JSON.stringify({
    ...outcome,
    PhysicalResourceId: "migrations",
    StackId,
    RequestId,
    LogicalResourceId,
  });
  // Without a type: the URL is signed for none.
  const headers = { "Content-Type": "" };
  const response = await fetch(ResponseURL, { method: "PUT", headers, body });
  if (!response.ok) throw new Error(`CloudFormation took no answer: ${response.status}`);
}
