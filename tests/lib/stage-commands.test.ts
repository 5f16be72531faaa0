import { execFile } from "node:child_process";
import path from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import type { LocalDatabase } from "../../infra/local/database.ts";
import { migrationFiles } from "../../infra/migration-files.ts";
import { cloudFormation } from "../support/aws.ts";
import { freshDatabase } from "../support/fresh-database.ts";

const infra = path.join(import.meta.dirname, "../../infra");
const names = migrationFiles().map(({ name }) => name);

let database: LocalDatabase;
beforeEach(async () => {
  database = await freshDatabase();
  return () => database.emulator.close();
});

let stack: Awaited<ReturnType<typeof cloudFormation>>;
beforeEach(async () => {
  const { CLUSTER_ARN = "", SECRET_ARN = "", DATABASE_NAME = "" } = database.ownerEnvironment;
  stack = await cloudFormation({
    ClusterArn: CLUSTER_ARN,
    OwnerSecretArn: SECRET_ARN,
    DatabaseName: DATABASE_NAME,
  });
});

describe("npm run db:migrate", () => {
  it("applies the pending migrations of a stage once", async () => {
    expect(await migrate("--stage", "prod")).toEqual({
      status: 0,
      printed: names.map((name) => `applied ${name}\n`).join(""),
    });
    expect(await migrate("--stage", "prod")).toEqual({
      status: 0,
      printed: "The database of prod has every migration.\n",
    });
    expect(stack.sent.map(({ body }) => new URLSearchParams(body).get("StackName"))).toEqual([
      "ticket-allocation-prod",
      "ticket-allocation-prod",
    ]);
  });

  it("lists pending migrations with --dry-run and applies nothing", async () => {
    const wouldApply = { status: 0, printed: names.map((name) => `would apply ${name}\n`).join("") };

    expect(await migrate("--stage", "prod", "--dry-run")).toEqual(wouldApply);
    expect(await migrate("--stage", "prod", "--dry-run")).toEqual(wouldApply);
  });

  it("requires a stage", async () => {
    expect(await migrate()).toEqual({
      status: 1,
      printed: "Cannot migrate: usage: npm run db:migrate -- --stage STAGE [--region REGION] [--dry-run]\n",
    });
  });

  it("reports a stage without a database", async () => {
    stack = await cloudFormation({});

    expect(await migrate("--stage", "half")).toEqual({
      status: 1,
      printed:
        "Cannot migrate: stack ticket-allocation-half has no output ClusterArn: was its deploy completed?\n",
    });
  });
});

describe("npm run db:verify", () => {
  it("audits the database of a stage", async () => {
    await migrate("--stage", "prod");

    expect(await command("verify.ts", ["--stage", "prod"])).toEqual({
      status: 0,
      printed: "Audit passed: 0 ticket options, no breach.\n",
    });
  });

  it("audits the database that the environment variables name", async () => {
    await migrate("--stage", "prod");
    const { CLUSTER_ARN, SECRET_ARN, DATABASE_NAME } = database.ownerEnvironment;

    expect(await command("verify.ts", [], { CLUSTER_ARN, SECRET_ARN, DATABASE_NAME })).toEqual({
      status: 0,
      printed: "Audit passed: 0 ticket options, no breach.\n",
    });
  });
});

function migrate(...args: string[]) {
  return command("aws/migrate-stage.ts", args);
}

/** Runs a command with the endpoints and credentials of the emulated AWS services only. */
function command(
  file: string,
  args: string[],
  environment: Record<string, string | undefined> = {},
): Promise<{ status: number; printed: string }> {
  const { AWS_ENDPOINT_URL_RDS_DATA, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY } = database.ownerEnvironment;
  const env = {
    PATH: process.env.PATH,
    AWS_ENDPOINT_URL_CLOUDFORMATION: stack.url,
    ...{ AWS_ENDPOINT_URL_RDS_DATA, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY },
    ...environment,
  };
  return new Promise((resolve) => {
    execFile(process.execPath, [path.join(infra, file), ...args], { env }, (error, stdout, stderr) =>
      resolve({ status: Number(error?.code ?? 0), printed: stdout + stderr }),
    );
  });
}
