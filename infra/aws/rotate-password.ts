import { randomBytes } from "node:crypto";
import { parseArgs } from "node:util";
import {
  DescribeSecretCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from "@aws-sdk/client-secrets-manager";
import { setFunctionsRole } from "../functions-role.ts";
import { reasons } from "../reasons.ts";
import { functionsPassword } from "./functions-secret.ts";
import { reachStage } from "./stage.ts";

// `npm run db:rotate-password`: sets a new database password for the functions of a deployed stage. The password is
// first stored as the pending version of the secret, so that it cannot get lost; then it is set in the database; then
// the pending version becomes the current one. Between the last two steps, open connections of the Data API keep
// working, and new ones are refused. If a step fails, a second run completes the rotation.

const usage = "npm run db:rotate-password -- --stage STAGE [--region REGION]";

try {
  const { stage, region } = options();
  const { owner, output } = await reachStage(stage, region);
  const secret = output("FunctionsSecretArn");
  const { current, pending, password } = await pendingPassword(secret);
  try {
    await setFunctionsRole(owner, password);
    await makeCurrent(secret, current, pending);
  } catch (error) {
    throw new Error("the functions may be locked out until you run this command again", { cause: error });
  }
  console.log(`The functions of ${stage} have a new password.`);
} catch (error) {
  console.error(`Cannot rotate the password: ${reasons(error).join(": ")}`);
  process.exit(1);
}

function options() {
  const { values } = parseArgs({ options: { stage: { type: "string" }, region: { type: "string" } } });
  if (!values.stage) throw new Error(`usage: ${usage}`);
  return { stage: values.stage, region: values.region };
}

/** The pending version of the secret, with its password: the version that an earlier run left, else a new one. */
async function pendingPassword(SecretId: string) {
  const client = new SecretsManagerClient();
  const { VersionIdsToStages = {} } = await client.send(new DescribeSecretCommand({ SecretId }));
  const labelled = (label: string) =>
    Object.keys(VersionIdsToStages).find((version) => VersionIdsToStages[version]?.includes(label));
  const current = labelled("AWSCURRENT");
  const left = labelled("AWSPENDING"); // the label stays on a version after it has become the current one
  if (left !== undefined && left !== current)
    return { current, pending: left, password: await functionsPassword(SecretId, left) };

  const password = randomBytes(48).toString("base64url");
  const { VersionId: pending } = await client.send(
    new PutSecretValueCommand({
      SecretId,
      SecretString: JSON.stringify({ username: "ticket_functions", password }),
      VersionStages: ["AWSPENDING"],
    }),
  );
  return { current, pending, password };
}

async function makeCurrent(SecretId: string, from: string | undefined, to: string | undefined) {
  await new SecretsManagerClient().send(
    new UpdateSecretVersionStageCommand({
      SecretId,
      VersionStage: "AWSCURRENT",
      MoveToVersionId: to,
      RemoveFromVersionId: from,
    }),
  );
}
