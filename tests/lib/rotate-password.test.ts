import { execFile } from "node:child_process";
import path from "node:path";
import pg from "pg";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { type LocalDatabase, startLocalDatabase } from "../../infra/local/database.ts";
import { cloudFormation } from "../support/aws.ts";
import { type OwnPostgres, ownPostgres } from "../support/own-postgres.ts";
import { secretWithVersions } from "../support/secrets-manager.ts";

// Uses its own PostgreSQL server: the functions' role belongs to the server, and other tests use that of the shared one.

let postgres: OwnPostgres;
let database: LocalDatabase;
let stack: Awaited<ReturnType<typeof cloudFormation>>;
beforeAll(async () => {
  postgres = await ownPostgres();
  database = await startLocalDatabase(postgres.url);
  const { CLUSTER_ARN = "", SECRET_ARN = "", DATABASE_NAME = "" } = database.ownerEnvironment;
  stack = await cloudFormation({
    ClusterArn: CLUSTER_ARN,
    OwnerSecretArn: SECRET_ARN,
    DatabaseName: DATABASE_NAME,
    FunctionsSecretArn: "arn:aws:secretsmanager:eu-west-1:000000000000:secret:functions",
  });
});
afterAll(async () => {
  await database.emulator.close();
  await postgres.remove();
});

let secret: Awaited<ReturnType<typeof secretWithVersions>>;
let old: string;
beforeEach(async () => {
  await database.migrate(); // and sets the first password
  old = JSON.stringify({ username: "ticket_functions", password: database.functionsPassword });
  secret = await secretWithVersions([{ value: old, labels: ["AWSCURRENT"] }]);
});

const done = { status: 0, printed: "The functions of prod have a new password.\n" };

it("npm run db:rotate-password sets a new password without printing it", async () => {
  const { status, printed } = await rotate("--stage", "prod");

  expect({ status, printed }).toEqual(done);
  const current = secret.value("AWSCURRENT");
  expect(passwordIn(current)).toMatch(/^[\w-]{64}$/);
  expect(await opens(current)).toBe(true);
  expect(await opens(old)).toBe(false);
});

it("npm run db:rotate-password stores the new password as pending, sets it, then makes it current", async () => {
  const steps: [operation: string, opens: { old: boolean; pending: boolean }][] = [];
  secret.before = async (operation) => {
    const pending = secret.value("AWSPENDING");
    steps.push([
      operation,
      { old: await opens(old), pending: pending !== undefined && (await opens(pending)) },
    ]);
  };

  expect(await rotate("--stage", "prod")).toEqual(done);

  expect(steps).toEqual([
    ["DescribeSecret", { old: true, pending: false }],
    ["PutSecretValue", { old: true, pending: false }],
    ["UpdateSecretVersionStage", { old: false, pending: true }],
  ]);
});

it("npm run db:rotate-password sets another password on each run", async () => {
  await rotate("--stage", "prod");
  const first = secret.value("AWSCURRENT");

  expect(await rotate("--stage", "prod")).toEqual(done);

  expect(secret.value("AWSCURRENT")).not.toBe(first);
  expect(await opens(secret.value("AWSCURRENT"))).toBe(true);
  expect(await opens(first)).toBe(false);
});

it("npm run db:rotate-password completes a run that was interrupted before the password became current", async () => {
  secret.before = async (operation) => {
    if (operation === "UpdateSecretVersionStage") throw new Error("interrupted");
  };
  const interrupted = await rotate("--stage", "prod");
  expect(interrupted).toEqual({
    status: 1,
    printed:
      "Cannot rotate the password: the functions may be locked out until you run this command again: Error: interrupted\n",
  });
  const pending = secret.value("AWSPENDING");
  expect(interrupted.printed).not.toContain(passwordIn(pending));
  secret.before = async () => {};

  expect(await rotate("--stage", "prod")).toEqual(done);

  expect(secret.value("AWSCURRENT")).toBe(pending);
  expect(await opens(pending)).toBe(true);
  expect(secret.calls.filter((operation) => operation === "PutSecretValue")).toHaveLength(1);
});

it("npm run db:rotate-password changes nothing if the secret cannot be written", async () => {
  secret.before = async (operation) => {
    if (operation === "PutSecretValue") throw new Error("not allowed");
  };

  expect(await rotate("--stage", "prod")).toEqual({
    status: 1,
    printed: "Cannot rotate the password: Error: not allowed\n",
  });
  expect(await opens(old)).toBe(true);
});

it("npm run db:rotate-password requires a stage", async () => {
  expect(await rotate()).toEqual({
    status: 1,
    printed:
      "Cannot rotate the password: usage: npm run db:rotate-password -- --stage STAGE [--region REGION]\n",
  });
});

function passwordIn(value: string | undefined): string {
  return JSON.parse(value ?? "{}").password;
}

/** Whether the functions can connect with the password in a version of the secret. */
async function opens(value: string | undefined): Promise<boolean> {
  const url = new URL(postgres.url);
  url.username = "ticket_functions";
  url.password = encodeURIComponent(passwordIn(value));
  const client = new pg.Client({ connectionString: url.href });
  try {
    await client.connect();
    await client.end();
    return true;
  } catch (error) {
    expect(error).toMatchObject({ code: "28P01" });
    return false;
  }
}

/** Runs the command with the endpoints and credentials of the emulated AWS services only. */
function rotate(...args: string[]): Promise<{ status: number; printed: string }> {
  const { AWS_ENDPOINT_URL_RDS_DATA, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY } = database.ownerEnvironment;
  const env = {
    PATH: process.env.PATH,
    AWS_ENDPOINT_URL_CLOUDFORMATION: stack.url,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: secret.url,
    ...{ AWS_ENDPOINT_URL_RDS_DATA, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY },
  };
  const command = path.join(import.meta.dirname, "../../infra/aws/rotate-password.ts");
  return new Promise((resolve) => {
    execFile(process.execPath, [command, ...args], { env }, (error, stdout, stderr) =>
      resolve({ status: Number(error?.code ?? 0), printed: stdout + stderr }),
    );
  });
}
