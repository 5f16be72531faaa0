import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { Project } from "../local/project.ts";
import { packaged, unzipped } from "./packaging.ts";
import { apiFunctions, named, templateOf } from "./template.ts";

// Calls the packaged functions with the environment variables of the template, as API Gateway does after it has accepted
// a key of the stage. The functions themselves check which key it is.

const project = new Project();
const folder = mkdtempSync(path.join(tmpdir(), "access-"));
const template = templateOf("prod");
const functions = apiFunctions(template);
const keys = [...named(template, "AWS::ApiGateway::ApiKey"), "none"];
const unknownId = "297ac147-85cc-48bb-83e9-736077c22804";

beforeAll(async () => {
  const { zips } = await packaged(project, "--stage", "prod");
  mkdirSync(path.join(folder, "dist"));
  for (const zip of Object.values(zips))
    for (const file of await unzipped(zip))
      if (file.name.endsWith(".cjs")) writeFileSync(path.join(folder, file.name), file.content);
}, 60_000);
afterAll(async () => {
  await project.remove();
  rmSync(folder, { recursive: true, force: true });
});

describe("access in stage prod", () => {
  it.each(functions)(
    "function $name responds 403 to every key except its own",
    async ({ name, environment }) => {
      const { ACCESS, API_KEY_IDS } = environment;
      const own = ACCESS === "key" ? referencesIn(API_KEY_IDS) : keys;

      for (const key of keys) {
        const { statusCode, body } = await call(name, key, {});
        expect(statusCode === 403, `${key}: ${statusCode}`).toBe(!own.includes(key));
        if (statusCode === 403) expect(JSON.parse(body).type).toBe("urn:ticket-allocation:problem:forbidden");
      }
    },
  );

  it("the organiser's key may create, the shop's key may purchase, and reading needs no key", async () => {
    const created = await call("create", "OrganiserKey", { Name: "Derby", Allocation: 9 });
    expect(created.statusCode).toBe(200);
    const { ID } = JSON.parse(created.body);

    const order = { Quantity: 1, UserID: "406c1d05-bbb2-4e94-b183-7d208c2692e1" };
    expect((await call("purchase", "OrganiserKey", order, ID)).statusCode).toBe(403);
    expect((await call("purchase", "ShopKey", order, ID)).statusCode).toBe(200);
    expect((await call("create", "ShopKey", { Name: "Derby", Allocation: 9 })).statusCode).toBe(403);
    const read = await call("get", "none", undefined, ID);
    expect({ status: read.statusCode, ...JSON.parse(read.body) }).toMatchObject({
      status: 200,
      ID,
      Allocation: 8,
    });
  });
});

interface Response {
  statusCode: number;
  body: string;
}

/**
 * Calls a packaged function in its own process. `key` is the name of a key in the template, or `none`.
 *
 * @param id the value of every path parameter
 */
async function call(name: string, key: string, body?: object, id = unknownId): Promise<Response> {
  const called = functions.find((one) => one.name === name);
  if (!called) throw new Error(`the template has no function ${name}`);
  const requested = called.path.replaceAll(/\{\w+\}/g, id);
  const parameters = [...called.path.matchAll(/\{(\w+)\}/g)].map(([, parameter = ""]) => [parameter, id]);
  const event = {
    ...{ headers: null, multiValueHeaders: null, isBase64Encoded: false },
    httpMethod: called.method,
    resource: called.path,
    path: requested,
    pathParameters: Object.fromEntries(parameters),
    body: called.method === "GET" ? null : JSON.stringify(body),
    requestContext: {
      requestId: "of this test",
      path: `/prod${requested}`,
      stage: "prod",
      identity: { sourceIp: "203.0.113.7", ...(key !== "none" && { apiKey: "its value", apiKeyId: key }) },
    },
  };
  const run = `require(process.argv[1]).handler(JSON.parse(process.argv[2]), {
    functionName: "f", getRemainingTimeInMillis: () => 25_000,
  }).then((response) => process.send(response), (error) => process.send({ error: String(error) }))
    .finally(() => process.disconnect());`;
  const child = spawn(
    process.execPath,
    ["-e", run, path.join(folder, `dist/${name}.cjs`), JSON.stringify(event)],
    { env: environmentOf(called.environment), cwd: folder, stdio: ["ignore", "ignore", "pipe", "ipc"] },
  );
  const printed: Buffer[] = [];
  child.stderr?.on("data", (chunk) => printed.push(chunk));
  return new Promise((resolve, reject) => {
    child.on("message", (response: Response) => resolve(response));
    child.on("close", () => reject(new Error(`${name} gave no response:\n${Buffer.concat(printed)}`)));
  });
}

/** The environment variables of a function with the tests' database; a reference becomes its resource's name. */
function environmentOf(variables: Record<string, unknown>): Record<string, string> {
  const { CLUSTER_ARN, SECRET_ARN, DATABASE_NAME, ...more } = inject("functionsEnvironment");
  const aws = Object.entries(more).filter(([name]) => name.startsWith("AWS_"));
  const given = Object.entries(variables).map(([name, value]) => [
    name,
    typeof value === "string" ? value : referencesIn(value).join(","),
  ]);
  return {
    ...Object.fromEntries([...given, ...aws]),
    ...(CLUSTER_ARN && SECRET_ARN && DATABASE_NAME && { CLUSTER_ARN, SECRET_ARN, DATABASE_NAME }),
  };
}

/** The names of the resources that a value refers to. */
function referencesIn(value: unknown): string[] {
  return [...JSON.stringify(value).matchAll(/"Ref":"(\w+)"|\$\{(\w+)/g)].map(
    ([, ref, sub]) => ref ?? sub ?? "",
  );
}
