import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { migrationFiles } from "../../infra/migration-files.ts";
import { Project } from "../local/project.ts";
import { secretsManager, stubServer } from "../support/aws.ts";
import { freshDatabase } from "../support/fresh-database.ts";
import { packaged, unzipped } from "./packaging.ts";

// Tests the packaged Lambda that applies the migrations during a deploy, called as CloudFormation calls it.

const project = new Project();
const folder = mkdtempSync(path.join(tmpdir(), "migrate-"));
const names = migrationFiles().map(({ name }) => name);

beforeAll(async () => {
  const { zips } = await packaged(project, "--stage", "dev");
  for (const file of await unzipped(zips.migrate as Buffer)) {
    const whole = path.join(folder, "released", file.name);
    mkdirSync(path.dirname(whole), { recursive: true });
    writeFileSync(whole, file.content);
  }
}, 60_000);
afterAll(async () => {
  await project.remove();
  rmSync(folder, { recursive: true, force: true });
});

let database: Awaited<ReturnType<typeof freshDatabase>>;
let owner: pg.Client;
let cloudFormation: Awaited<ReturnType<typeof stubServer>>;
beforeEach(async () => {
  database = await freshDatabase({ faults: true });
  owner = new pg.Client({ connectionString: database.url });
  await owner.connect();
  cloudFormation = await stubServer("text/plain", "");
  return async () => {
    await owner.end();
    await database.emulator.close();
  };
});

describe("the custom resource of the migrations", () => {
  it("prepares a new database for the functions and reports success to CloudFormation", async () => {
    const before = await verifier();

    const { status } = await run("Create");

    expect(status).toBe(0);
    expect(cloudFormation.sent).toEqual([responseTo({ Status: "SUCCESS" })]);
    expect(await applied()).toEqual(names);
    expect(await verifier()).not.toBe(before);
    expect(await queryAsFunctions()).toBe(200);
  });

  it("does nothing to an up-to-date database", async () => {
    await run("Create");

    await run("Update");

    expect(cloudFormation.sent).toEqual(Array(2).fill(responseTo({ Status: "SUCCESS" })));
    expect(await applied()).toEqual(names);
  });

  it("applies each migration once when two deploys are concurrent", async () => {
    await Promise.all([run("Create"), run("Create")]);

    expect(cloudFormation.sent).toEqual(Array(2).fill(responseTo({ Status: "SUCCESS" })));
    expect(await applied()).toEqual(names);
  });

  it("continues after the migrations of an earlier release", async () => {
    const earlier = release("earlier", (migrations) => {
      for (const name of names.slice(2)) rmSync(path.join(migrations, `${name}.sql`));
    });
    await run("Create", { release: earlier });
    expect(await applied()).toEqual(names.slice(0, 2));

    await run("Update");

    expect(await applied()).toEqual(names);
  });

  it("fails the deploy with the name of a failed migration and keeps the migrations before it", async () => {
    const broken = release("broken", (migrations) =>
      writeFileSync(path.join(migrations, "9999_broken.sql"), "alter table ticket_option drop column name;"),
    );

    await run("Update", { release: broken });

    const Reason =
      'migration 9999_broken failed and was undone: ERROR: relation "ticket_option" does not exist; SQLState: 42P01';
    expect(cloudFormation.sent).toEqual([responseTo({ Status: "FAILED", Reason })]);
    expect(await applied()).toEqual(names);
  });

  it("fails the deploy if a migration was changed after it was applied", async () => {
    await run("Create");
    const changed = release("changed", (migrations) =>
      writeFileSync(path.join(migrations, `${names[0]}.sql`), "create table other (id integer);"),
    );

    await run("Update", { release: changed });

    const Reason = `migration ${names[0]} was changed after it was applied: add a new one instead`;
    expect(cloudFormation.sent.at(-1)).toEqual(responseTo({ Status: "FAILED", Reason }));
  });

  it("waits for a database that is resuming", async () => {
    await fetch(`${database.emulator.url}/faults`, {
      method: "PUT",
      body: '{"fault": "resuming", "calls": 3}',
    });

    await run("Create");

    expect(cloudFormation.sent).toEqual([responseTo({ Status: "SUCCESS" })]);
    expect(await applied()).toEqual(names);
  });

  it("waits for a new database that does not respond yet", async () => {
    const body = '{"fault": "database-unavailable", "calls": 4}';
    await fetch(`${database.emulator.url}/faults`, { method: "PUT", body });

    await run("Create");

    expect(cloudFormation.sent).toEqual([responseTo({ Status: "SUCCESS" })]);
    expect(await applied()).toEqual(names);
  });

  it("succeeds without the database when the stack is deleted, and undoes nothing", async () => {
    await run("Create");

    await run("Delete", { environment: { AWS_ENDPOINT_URL_RDS_DATA: "http://127.0.0.1:9" } });

    expect(cloudFormation.sent.at(-1)).toEqual(responseTo({ Status: "SUCCESS" }));
    expect(await applied()).toEqual(names);
  });

  it("prints no password, even if the secret is invalid", async () => {
    const { printed } = await run("Create");
    expect(printed).toContain("SUCCESS");
    expect(printed).not.toContain(database.functionsPassword);

    for (const secret of ["hunter2", '{"username": "hunter2"}', '{"password": ["hunter2"]}']) {
      const { printed } = await run("Update", { secret });

      const Reason = "the secret of the functions' role holds no password";
      expect(cloudFormation.sent.at(-1)).toEqual(responseTo({ Status: "FAILED", Reason }));
      expect(printed).not.toContain("hunter2");
    }
  });

  it("fails if CloudFormation rejects the response, so that Lambda retries", async () => {
    cloudFormation = await stubServer("text/plain", "", 503);

    const { status, printed } = await run("Create");

    expect(status).not.toBe(0);
    expect(printed).toContain("CloudFormation rejected the response: 503");
  });
});

/** Copies the content of the zip and changes its migrations. */
function release(name: string, change: (migrations: string) => void): string {
  const copy = path.join(folder, name);
  cpSync(path.join(folder, "released"), copy, { recursive: true });
  change(path.join(copy, "dist/migrations"));
  return copy;
}

/** Calls the handler in a process with only the environment of the Lambda. */
async function run(
  RequestType: "Create" | "Update" | "Delete",
  {
    release = path.join(folder, "released"),
    secret = JSON.stringify({ username: "ticket_functions", password: database.functionsPassword }),
    environment = {},
  } = {},
): Promise<{ status: number; printed: string }> {
  const secrets = await secretsManager(secret);
  const env = {
    ...database.ownerEnvironment,
    FUNCTIONS_SECRET_ARN: "arn:aws:secretsmanager:eu-west-1:000000000000:secret:tickets-functions",
    AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets.url,
    ...environment,
  };
  const event = { ...request, RequestType, ResponseURL: `${cloudFormation.url}/answer?signature` };
  const call = "require(process.argv[1]).handler(JSON.parse(process.argv[2]))";
  const args = ["-e", call, path.join(release, "dist/migrate.cjs"), JSON.stringify(event)];
  return new Promise((resolve) => {
    execFile(process.execPath, args, { env, cwd: folder }, (error, stdout, stderr) =>
      resolve({ status: Number(error?.code ?? 0), printed: stdout + stderr }),
    );
  });
}

const request = {
  StackId: "arn:aws:cloudformation:eu-west-1:000000000000:stack/ticket-allocation-dev/1",
  RequestId: "request-1",
  LogicalResourceId: "Migrations",
  ResourceType: "Custom::Migrations",
};

function responseTo(outcome: { Status: string; Reason?: string }) {
  const { StackId, RequestId, LogicalResourceId } = request;
  return {
    method: "PUT",
    url: "/answer?signature",
    type: "",
    body: JSON.stringify({
      ...outcome,
      PhysicalResourceId: "migrations",
      ...{ StackId, RequestId, LogicalResourceId },
    }),
  };
}

async function applied(): Promise<string[]> {
  const { rows } = await owner.query("select name from schema_migrations order by name");
  return rows.map(({ name }) => name);
}

/** The stored password hash of the functions' role, which changes each time the password is set. */
async function verifier(): Promise<string | undefined> {
  const { rows } = await owner.query("select rolpassword from pg_authid where rolname = 'ticket_functions'");
  return rows[0]?.rolpassword;
}

/** The HTTP status of a statement that is run with the secret of the functions' role. */
async function queryAsFunctions(): Promise<number> {
  const { CLUSTER_ARN, SECRET_ARN, DATABASE_NAME } = database.functionsEnvironment;
  const response = await fetch(`${database.emulator.url}/Execute`, {
    method: "POST",
    headers: { authorization: "AWS4-HMAC-SHA256 none is verified" },
    body: JSON.stringify({
      ...{ resourceArn: CLUSTER_ARN, secretArn: SECRET_ARN, database: DATABASE_NAME },
      sql: "select id from ticket_options",
    }),
  });
  return response.status;
}
