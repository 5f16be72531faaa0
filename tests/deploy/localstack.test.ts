// Tests that `npm run test:localstack` fails when it should and leaves nothing behind. Stubs replace Docker, the framework
// and the test runner; the database is real. A run with LocalStack in CI proves that the deployment works and that the
// API suite passes there.
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { freePort, serverPlace } from "../../emulator/src/index.ts";
import { Project } from "../local/project.ts";
import type { Run } from "../local/run.ts";
import { processes } from "../support/processes.ts";

const source = path.join(import.meta.dirname, "../..");
const project = new Project();
const composeFile = path.join(project.folder, "localstack-compose.yml");
beforeAll(() => cpSync(path.join(source, "localstack-compose.yml"), composeFile));
afterAll(() => project.remove());

describe("npm run test:localstack with a running LocalStack", () => {
  const stack = path.join(project.folder, "stack");
  let localstack: Server;
  let listening: Record<string, string>;

  beforeAll(async () => {
    localstack = createServer(({ url }, response) => {
      if (url === "/_localstack/health") return response.end("{}");
      response.setHeader("content-type", "text/xml");
      if (existsSync(stack)) return response.end(description("UPDATE_COMPLETE"));
      response.writeHead(400).end(failure("Stack with id ticket-allocation-local does not exist"));
    });
    await new Promise<void>((listens) => localstack.listen(0, "127.0.0.1", listens));
    listening = {
      LOCALSTACK_ENDPOINT: `http://127.0.0.1:${(localstack.address() as AddressInfo).port}`,
      DATA_API_URL: `http://127.0.0.1:${await freePort("127.0.0.1")}`, // nothing runs in a container
    };
  });
  afterAll(() => localstack.close());

  beforeEach(() => {
    // As on LocalStack, `remove` fails after it has removed the stack.
    program(
      "serverless",
      `case $1 in
        deploy) env > deploy-environment; touch '${stack}'; echo 'GET - https://abc123.execute-api.eu-west-1.x/local' ;;
        remove) rm '${stack}'; exit 1 ;;
      esac`,
    );
    program("vitest", 'echo "$@"; env | grep ^API_ | sort');
  });
  afterEach(() => rmSync(stack, { force: true }));

  it("runs the API suite against the deployed API and removes the stack", async () => {
    const run = testLocalStack({ ...listening, AWS_PROFILE: "prod", HTTPS_PROXY: "http://x" }, "seed");

    expect(await run.ended).toBe(0);
    expect(run.lines).toEqual([
      "GET - https://abc123.execute-api.eu-west-1.x/local",
      "run seed",
      "API_BASE_PATH=/local",
      `API_BASE_URL=${listening.LOCALSTACK_ENDPOINT}/_aws/execute-api/abc123/local`,
      "API_GATEWAY=localstack",
      "Removing the stack",
    ]);
    expectNothingLeft();
  });

  it("deploys with environment variables that cannot reach AWS", async () => {
    await testLocalStack({ ...listening, AWS_PROFILE: "prod", https_proxy: "http://x" }).ended;

    const environment = readFileSync(path.join(project.folder, "deploy-environment"), "utf8").split("\n");
    expect(environment.filter((line) => /^(AWS_|DATA_API_URL|https?_proxy)/i.test(line)).sort()).toEqual([
      "AWS_ACCESS_KEY_ID=test",
      "AWS_CONFIG_FILE=/dev/null",
      `AWS_ENDPOINT_URL=${listening.LOCALSTACK_ENDPOINT}`,
      "AWS_SECRET_ACCESS_KEY=test",
      "AWS_SHARED_CREDENTIALS_FILE=/dev/null",
      `DATA_API_URL=${listening.DATA_API_URL}`,
    ]);
  });

  it("fails if the suite fails, and removes the stack", async () => {
    program("vitest", "exit 1");
    const run = testLocalStack(listening);

    expect(await run.ended).toBe(1);
    expect(run.lines).toContain("vitest run ended with status 1");
    expectNothingLeft();
  });

  it("fails if the stack still exists at the end", async () => {
    program("serverless", `touch '${stack}'; echo https://abc123.execute-api.x`);
    const run = testLocalStack(listening);

    expect(await run.ended).toBe(1);
    expect(run.lines.at(-1)).toBe("the stack is still there: UPDATE_COMPLETE");
  });

  it("removes the stack after an interrupt", async () => {
    program("vitest", "echo RUN; exec sleep 600");
    const run = testLocalStack(listening);
    await run.line(/RUN/);
    expect((await fetch(String(listening.DATA_API_URL))).status).toBeGreaterThan(0);
    run.signal("SIGINT");

    expect(await run.ended).toBe(130);
    expectNothingLeft();
  });

  it("fails with one line if no LocalStack runs there", async () => {
    const run = testLocalStack({ LOCALSTACK_ENDPOINT: "http://127.0.0.1:9" });

    expect(await run.ended).toBe(1);
    expect(run.lines).toEqual(["there is no LocalStack at http://127.0.0.1:9 (LOCALSTACK_ENDPOINT)"]);
  });

  function expectNothingLeft(): void {
    const { home } = serverPlace(path.join(project.folder, ".local/localstack"));
    const database = processes().filter(({ command }) => command.includes(home));
    expect({ stack: existsSync(stack), database }).toEqual({ stack: false, database: [] });
  }
});

describe("npm run test:localstack with Docker", () => {
  it("fails with one line if Docker is missing", async () => {
    program("docker", "exit 1");
    const run = testLocalStack();

    expect(await run.ended).toBe(1);
    expect(run.lines).toEqual([
      "Docker with its compose plug-in is missing: start it, or set LOCALSTACK_ENDPOINT to a running LocalStack",
    ]);
  });

  it("removes the containers if they do not become healthy", async () => {
    program("docker", 'echo "docker $*"; [ "$4" != up ]');
    const run = testLocalStack();

    expect(await run.ended).toBe(1);
    expect(run.lines).toEqual([
      `docker compose --file ${composeFile} up --detach --wait`,
      "docker compose ended with status 1",
      `docker compose --file ${composeFile} logs --tail 100`,
      `docker compose --file ${composeFile} down --volumes --remove-orphans`,
    ]);
  });

  it("warns of leftovers if the containers cannot be removed", async () => {
    program("docker", '[ "$4" != up ] && [ "$4" != down ]');
    const run = testLocalStack();

    expect(await run.ended).toBe(1);
    expect(run.lines).toEqual([
      "docker compose ended with status 1",
      "docker compose down ended with status 1: containers or a network may be left",
    ]);
  });
});

describe("localstack-compose.yml", () => {
  const { services, networks } = parse(readFileSync(path.join(source, "localstack-compose.yml"), "utf8"));

  it("starts each service after its dependencies are healthy", () => {
    expect(services).toMatchObject({
      localstack: { depends_on: { "rds-data": { condition: "service_healthy" } } },
      "rds-data": { depends_on: { postgres: { condition: "service_healthy" } } },
    });
    for (const service of Object.values(services))
      expect(service).toMatchObject({ healthcheck: { test: expect.any(Array) }, networks: ["backend"] });
  });

  it("connects the functions to the emulator's network, as serverless.yml expects", () => {
    expect(services.localstack.environment.LAMBDA_DOCKER_NETWORK).toBe(networks.backend.name);
    const serverless = readFileSync(path.join(source, "serverless.yml"), "utf8");
    expect(serverless).toContain("{env:DATA_API_URL, 'http://rds-data:8080'}");
  });

  it("gives LocalStack time to remove the functions' containers before Docker kills it", () => {
    const { stop_grace_period: grace, environment } = services.localstack;
    expect(Number.parseInt(grace, 10)).toBeGreaterThan(Number(environment.SHUTDOWN_TIMEOUT));
  });

  it("runs the emulator from an existing file", () => {
    const [runtime, file] = services["rds-data"].command;
    expect(runtime).toBe("node");
    expect(existsSync(path.join(source, file))).toBe(true);
  });
});

/** Runs the command with the stub programs first in PATH. */
function testLocalStack(environment: Record<string, string> = {}, ...files: string[]): Run {
  return project.run(["node", "infra/localstack/run.ts", ...files], {
    ...environment,
    PATH: `${path.join(project.folder, "bin")}:${process.env.PATH}`,
  });
}

/** Creates a stub program from a shell script. */
function program(name: string, script: string): void {
  const file = path.join(project.folder, "bin", name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
}

function description(status: string): string {
  const members = `<StackName>ticket-allocation-local</StackName><StackStatus>${status}</StackStatus>`;
  return `<DescribeStacksResponse><DescribeStacksResult><Stacks><member>${members}<CreationTime>2026-01-01T00:00:00Z</CreationTime></member></Stacks></DescribeStacksResult></DescribeStacksResponse>`;
}

function failure(message: string): string {
  return `<ErrorResponse><Error><Type>Sender</Type><Code>ValidationError</Code><Message>${message}</Message></Error></ErrorResponse>`;
}
