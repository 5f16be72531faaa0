import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { Project } from "../local/project.ts";
import { packaged, type Template, unzipped } from "./packaging.ts";
import { environment } from "./template.ts";

// The packaged functions with the access of the template, called as API Gateway calls them once it has found that a key
// is one of the stage: whose it is, they must find themselves.

const project = new Project();
const folder = mkdtempSync(path.join(tmpdir(), "access-"));
let template: Template;
let optionId: string;

beforeAll(async () => {
  const deployment = await packaged(project, "--stage", "prod");
  template = deployment.template;
  mkdirSync(path.join(folder, "dist"));
  for (const zip of Object.values(deployment.zips))
    for (const file of await unzipped(zip))
      if (file.name.endsWith(".cjs")) writeFileSync(path.join(folder, file.name), file.content);
  const created = await call("Create", "OrganiserKey");
  optionId = JSON.parse(created.body).ID;
}, 60_000);
afterAll(async () => {
  await project.remove();
  rmSync(folder, { recursive: true, force: true });
});

describe("in production", () => {
  it.each<[name: FunctionName, key: string, status: number]>([
    ["Create", "OrganiserKey", 200],
    ["Create", "ShopKey", 403],
    ["Purchase", "OrganiserKey", 403],
    ["Purchase", "ShopKey", 200],
    ["Get", "none", 200],
  ])("the function %s, called with the key %s, responds %d", async (name, key, status) => {
    const { statusCode, body } = await call(name, key);

    expect(statusCode).toBe(status);
    if (status === 403) expect(JSON.parse(body).type).toBe("urn:ticket-allocation:problem:forbidden");
  });
});

const requests = {
  Create: () => ({
    httpMethod: "POST",
    resource: "/ticket_options",
    body: '{"Name": "Derby", "Allocation": 9}',
  }),
  Get: () => ({ httpMethod: "GET", resource: "/ticket_options/{id}", pathParameters: { id: optionId } }),
  Purchase: () => ({
    httpMethod: "POST",
    resource: "/ticket_options/{id}/purchases",
    pathParameters: { id: optionId },
    body: '{"Quantity": 1, "UserID": "406c1d05-bbb2-4e94-b183-7d208c2692e1"}',
  }),
};
type FunctionName = keyof typeof requests;

/** Calls a packaged function in a process of its own, with a key of that name in the template, or `none`. */
async function call(name: FunctionName, key: string): Promise<{ statusCode: number; body: string }> {
  const { ACCESS, API_KEY_IDS } = environment(template, name);
  const env = {
    ...inject("functionsEnvironment"),
    ACCESS: String(ACCESS),
    ...(API_KEY_IDS !== undefined && { API_KEY_IDS: joined(API_KEY_IDS) }),
  };
  const event = {
    ...{ headers: null, multiValueHeaders: null, isBase64Encoded: false, body: null, pathParameters: null },
    ...requests[name](),
    path: "/",
    requestContext: {
      requestId: "of this test",
      path: "/prod/ticket_options",
      stage: "prod",
      identity: { sourceIp: "203.0.113.7", ...(key !== "none" && { apiKey: "its value", apiKeyId: key }) },
    },
  };
  const run = `require(process.argv[1]).handler(JSON.parse(process.argv[2]), {
    functionName: "f", getRemainingTimeInMillis: () => 25_000,
  }).then((response) => process.send(response), (error) => process.send({ error: String(error) }))
    .finally(() => process.disconnect());`;
  const file = path.join(folder, `dist/${name.toLowerCase()}.cjs`);
  return new Promise((resolve, reject) => {
    const options = {
      env,
      cwd: folder,
      stdio: ["ignore", "ignore", "ignore", "ipc"] as ("ignore" | "ipc")[],
    };
    const child = spawn(process.execPath, ["-e", run, file, JSON.stringify(event)], options);
    child.on("message", (response: { statusCode: number; body: string }) => resolve(response));
    child.on("close", () => reject(new Error("the function ended without a response")));
  });
}

/** As CloudFormation joins a list, where each reference comes to its own name. */
function joined(value: unknown): string {
  const { "Fn::Join": join } = value as { "Fn::Join": [separator: string, references: { Ref: string }[]] };
  return join[1].map(({ Ref }) => Ref).join(join[0]);
}
