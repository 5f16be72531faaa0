import { spawnSync } from "node:child_process";
import { lookup } from "node:dns/promises";
import path from "node:path";
import { CloudFormationClient, DescribeStacksCommand } from "@aws-sdk/client-cloudformation";
import { ignoreCallersSettings } from "../local/environment.ts";
import { Commands, Interrupted, run } from "./commands.ts";
import { type Database, startDatabase } from "./host-database.ts";

// `npm run test:localstack`: deploys the service to LocalStack and runs the API suite against it. LocalStack is
// started with localstack-compose.yml, or is the running one at LOCALSTACK_ENDPOINT.

const compose = [
  ...["docker", "compose", "--file"],
  path.resolve(import.meta.dirname, "../../localstack-compose.yml"),
];

/** The clean-up steps, which run at the end in reverse order. */
const undo: (() => Promise<unknown>)[] = [];
const commands = new Commands();
let status = 0;
try {
  await test();
} catch (error) {
  status = error instanceof Interrupted ? 130 : 1;
  if (!(error instanceof Interrupted)) console.error(error instanceof Error ? error.message : error);
}
for (const step of undo.reverse())
  await step().catch((error: Error) => {
    console.error(error.message);
    status ||= 1;
  });
process.exit(status);

async function test(): Promise<void> {
  ignoreCallersSettings();
  const given = process.env.LOCALSTACK_ENDPOINT;
  const database = given ? await reachGiven(given) : await startContainers();
  const endpoint = await byAddress(given || "http://127.0.0.1:4566");
  const environment = deployEnvironment(endpoint, database?.url);

  if (given) undo.push(() => remove(endpoint, environment));
  const deployed = await commands.run(["serverless", "deploy", "--stage", "local"], environment);
  const apiId = /https:\/\/([a-z0-9]+)\.execute-api\./.exec(deployed)?.[1];
  if (!apiId) throw new Error("the deploy did not print the URL of its API");

  await commands.run(["vitest", "run", ...process.argv.slice(2)], {
    ...process.env,
    API_BASE_URL: `${endpoint}/_aws/execute-api/${apiId}/local`,
    API_BASE_PATH: "/local", // the rest of the path is LocalStack's own
    API_GATEWAY: "localstack", // tests check it for features that LocalStack does not support
  });
}

async function startContainers(): Promise<undefined> {
  if (spawnSync("docker", ["compose", "version"]).status !== 0)
    throw new Error(
      "Docker with its compose plug-in is missing: start it, or set LOCALSTACK_ENDPOINT to a running LocalStack",
    );
  undo.push(takeDown);
  undo.push(async () => status === 1 && (await run([...compose, "logs", "--tail", "100"], process.env)));
  await commands.run([...compose, "up", "--detach", "--wait"], process.env);
}

async function reachGiven(endpoint: string): Promise<Database> {
  const health = await fetch(`${endpoint}/_localstack/health`).catch(() => undefined);
  if (!health?.ok) throw new Error(`there is no LocalStack at ${endpoint} (LOCALSTACK_ENDPOINT)`);
  const database = startDatabase();
  undo.push(async () => (await database.catch(() => undefined))?.stop());
  await database;
  commands.check();
  return database;
}

/**
 * Removes the containers and the network.
 *
 * @throws Error if that fails, since containers of functions may be left and keep the network
 */
async function takeDown(): Promise<void> {
  const down = await run([...compose, "down", "--volumes", "--remove-orphans"], process.env);
  if (down.status !== 0)
    throw new Error(
      `docker compose down ended with status ${down.status}: containers or a network may be left`,
    );
}

/**
 * Removes the stack. The status of `serverless remove` is ignored: it always fails at the end, when it looks for
 * container images, a service that LocalStack does not have.
 *
 * @throws Error if the stack is still there
 */
async function remove(endpoint: string, environment: NodeJS.ProcessEnv): Promise<void> {
  console.log("Removing the stack");
  const { stdout } = spawnSync("serverless", ["remove", "--stage", "local"], {
    env: environment,
    encoding: "utf8",
  });
  const credentials = { accessKeyId: "test", secretAccessKey: "test" };
  const cloudFormation = new CloudFormationClient({
    region: "eu-west-1",
    endpoint,
    credentials,
    useFipsEndpoint: false,
    useDualstackEndpoint: false,
  });
  const state = await cloudFormation
    .send(new DescribeStacksCommand({ StackName: "ticket-allocation-local" }))
    .then(({ Stacks }) => Stacks?.[0]?.StackStatus)
    .catch((error: Error) => {
      if (!error.message.includes("does not exist")) throw error;
    });
  if (state && state !== "DELETE_COMPLETE") throw new Error(`${stdout}\nthe stack is still there: ${state}`);
}

/** Replaces the host of a URL by its address: the SDK would prefix a host name with the name of a bucket. */
async function byAddress(endpoint: string): Promise<string> {
  const url = new URL(endpoint);
  url.hostname = (await lookup(url.hostname, { family: 4 })).address;
  return url.origin;
}

/**
 * The environment of the deploy, without settings or profiles that could direct it to AWS, and without a proxy, since
 * the framework supports no exceptions from it.
 */
function deployEnvironment(endpoint: string, dataApiUrl: string | undefined): NodeJS.ProcessEnv {
  const others = Object.entries(process.env).filter(([name]) => !/^AWS_|^https?_proxy$/i.test(name));
  return {
    ...Object.fromEntries(others),
    AWS_ENDPOINT_URL: endpoint,
    AWS_CONFIG_FILE: "/dev/null",
    AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
    AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: "test",
    ...(dataApiUrl && { DATA_API_URL: dataApiUrl }), // for containers, serverless.yml has the default
  };
}
