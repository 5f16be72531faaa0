// `npm run test:localstack`, against a stub that takes LocalStack's place, and without Docker.
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { freePort } from "../../infra/local/ports.ts";
import { serverPlace } from "../../infra/local/server-place.ts";
import { Project } from "../local/project.ts";
import type { Run } from "../local/run.ts";
import { processes } from "../support/processes.ts";
import { AwsStub } from "./aws-stub.ts";

const source = path.join(import.meta.dirname, "../..");
const project = new Project();
let localstack: AwsStub;
/** The environment in which it is there already; nothing in it is in a container, so loopback will do. */
let listening: Record<string, string>;
beforeAll(async () => {
  for (const part of ["tests", "client", "docs", "vitest.config.ts", "localstack-compose.yml"])
    cpSync(path.join(source, part), path.join(project.folder, part), { recursive: true });
  localstack = await AwsStub.start();
  const dataApiUrl = `http://127.0.0.1:${await freePort("127.0.0.1")}`;
  listening = { LOCALSTACK_ENDPOINT: localstack.url, DATA_API_URL: dataApiUrl };
});
afterAll(async () => {
  await project.remove();
  await localstack.close();
});

describe("with a LocalStack that listens already", () => {
  it("deploys to it, runs the API suite against the API that was made, and leaves nothing there", async () => {
    const run = testLocalStack(listening, "seed", "routes");

    expect({ status: await run.ended, printed: run.lines.join("\n") }).toEqual({
      status: 0,
      printed: expect.stringMatching(/Test Files .*2 passed.*Tests .*\d passed.*2 skipped/s),
    });
    expectNothingLeft();
  });

  it("fails with the suite, and leaves nothing there", async () => {
    const file = path.join(project.folder, "tests/api/failing.test.ts");
    writeFileSync(file, 'import { it } from "vitest"; it("fails", () => { throw new Error(); });');
    const run = testLocalStack(listening, "failing");

    expect(await run.ended).toBe(1);
    expect(run.lines).toContain("vitest run ended with status 1");
    expectNothingLeft();
  });

  it("fails if the stack is still there in the end, and says so", async () => {
    localstack.cloudFormation.keepsStacks = true;
    const run = testLocalStack(listening, "routes");
    const status = await run.ended;
    localstack.cloudFormation.keepsStacks = false;
    localstack.cloudFormation.stacks.clear();

    expect({ status, last: run.lines.at(-1) }).toEqual({
      status: 1,
      last: "the stack is still there: UPDATE_COMPLETE",
    });
  });

  it("leaves nothing there if it is broken off", async () => {
    const run = testLocalStack(listening);
    await run.line(/RUN/);
    run.signal("SIGINT");

    expect([130, "SIGINT"]).toContain(await run.ended);
    expectNothingLeft();
  });

  it("says in one line that none listens there", async () => {
    const run = testLocalStack({ LOCALSTACK_ENDPOINT: "http://127.0.0.1:9" });

    expect(await run.ended).toBe(1);
    expect(run.lines).toEqual(["there is no LocalStack at http://127.0.0.1:9 (LOCALSTACK_ENDPOINT)"]);
  });
});

describe("with Docker", () => {
  it("says in one line that it is missing", async () => {
    const run = testLocalStack({ PATH: withDocker("exit 1") });

    expect(await run.ended).toBe(1);
    expect(run.lines).toEqual([
      "Docker with its compose plug-in is missing: start it, or name a LocalStack that runs by LOCALSTACK_ENDPOINT",
    ]);
  });

  it("takes all down if the containers do not get healthy", async () => {
    const file = path.join(project.folder, "localstack-compose.yml");
    const run = testLocalStack({ PATH: withDocker('echo "docker $*"; [ "$4" != up ]') });

    expect(await run.ended).toBe(1);
    expect(run.lines).toEqual([
      `docker compose --file ${file} up --detach --wait`,
      "docker compose ended with status 1",
      `docker compose --file ${file} logs --tail 100`,
      `docker compose --file ${file} down --volumes --remove-orphans`,
    ]);
  });

  it("says that something may be left if the containers cannot be taken down", async () => {
    const run = testLocalStack({ PATH: withDocker('[ "$4" != up ] && [ "$4" != down ]') });

    expect(await run.ended).toBe(1);
    expect(run.lines).toEqual([
      "docker compose ended with status 1",
      "docker compose down ended with status 1: containers or a network may be left",
    ]);
  });
});

describe("localstack-compose.yml", () => {
  const { services, networks } = parse(readFileSync(path.join(source, "localstack-compose.yml"), "utf8"));

  it("has LocalStack, PostgreSQL and the stand-in, each with a health check, each after what it needs", () => {
    expect(services).toMatchObject({
      localstack: {
        image: "localstack/localstack:4.14.0",
        ports: ["127.0.0.1:4566:4566"],
        depends_on: { "rds-data": { condition: "service_healthy" } },
      },
      "rds-data": { image: "node:24", depends_on: { postgres: { condition: "service_healthy" } } },
      postgres: { image: "postgres:18" },
    });
    for (const service of Object.values(services))
      expect(service).toMatchObject({ healthcheck: { test: expect.any(Array) }, networks: ["backend"] });
  });

  it("puts the functions on the network of the stand-in, whose address serverless.yml has", () => {
    expect(services.localstack.environment.LAMBDA_DOCKER_NETWORK).toBe(networks.backend.name);
    const serverless = readFileSync(path.join(source, "serverless.yml"), "utf8");
    expect(serverless).toContain("{env:DATA_API_URL, 'http://rds-data:8080'}");
  });

  it("gives LocalStack time to remove the functions' containers before Docker kills it", () => {
    const { stop_grace_period: grace, environment } = services.localstack;
    expect({ grace, shutdown: environment.SHUTDOWN_TIMEOUT }).toEqual({ grace: "30s", shutdown: "28" });
  });

  it("has LocalStack serve with the server that takes any bytes", () => {
    expect(services.localstack.environment.GATEWAY_SERVER).toBe("hypercorn");
  });

  it("runs the stand-in from files that are there", () => {
    const [program, file] = services["rds-data"].command;
    expect(program).toBe("node");
    expect(existsSync(path.join(source, file))).toBe(true);
  });
});

function testLocalStack(environment: Record<string, string>, ...files: string[]): Run {
  return project.run(["npm", "run", "--silent", "test:localstack", "--", ...files], environment);
}

function expectNothingLeft(): void {
  const { home } = serverPlace(path.join(project.folder, ".local/localstack"));
  expect({
    stacks: localstack.cloudFormation.stacks.size,
    objects: localstack.s3.paths(),
    database: processes().filter(({ command }) => command.includes(home)),
  }).toEqual({ stacks: 0, objects: [], database: [] });
}

/** A search path on which the first Docker is that shell script. */
function withDocker(script: string): string {
  const folder = path.join(project.folder, "bin");
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, "docker"), `#!/bin/sh\n${script}\n`);
  chmodSync(path.join(folder, "docker"), 0o755);
  return `${folder}:${process.env.PATH}`;
}
