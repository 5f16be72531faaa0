import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { Project } from "../local/project.ts";
import { packaged, type Template, unzipped } from "./packaging.ts";
import { type ApiFunction, apiFunctions, routesOf } from "./template.ts";

// Packages the project with each combination of the access parameters. Then calls the packaged functions with the
// environment variables of the template, as API Gateway does after it has accepted a key of the stage, a signature or
// a token. The functions themselves check which key it is.

const createAccesses = ["open", "key", "iam"];
const purchaseAccesses = ["open", "key", "iam", "cognito"];

/** The parameter that says who may call a function, and the keys that are valid if it is `key`. */
interface Rule {
  access: "createAccess" | "purchaseAccess";
  own: Key;
  /** The key that is valid too if the other parameter is also `key`. */
  shared?: Key;
}

type Key = "OrganiserKey" | "ShopKey";

const organisers: Rule = { access: "createAccess", own: "OrganiserKey" };
const buyers: Rule = { access: "purchaseAccess", own: "ShopKey" };
const rules: Record<string, Rule | "public"> = {
  create: organisers,
  change: organisers,
  get: "public",
  list: { ...organisers, shared: "ShopKey" },
  purchase: buyers,
  confirm: buyers,
  cancel: { ...organisers, shared: "ShopKey" },
  "get-purchase": { ...buyers, shared: "OrganiserKey" },
  "list-purchases": { ...organisers, shared: "ShopKey" },
};

const callers = ["OrganiserKey", "ShopKey", "token", "nobody"] as const;
type Caller = (typeof callers)[number];

const projects = createAccesses.map(() => new Project());
const folder = mkdtempSync(path.join(tmpdir(), "access-"));
const templates = new Map<string, Template>();
const unknownId = "297ac147-85cc-48bb-83e9-736077c22804";
const user = "406c1d05-bbb2-4e94-b183-7d208c2692e1";

beforeAll(async () => {
  mkdirSync(path.join(folder, "dist"));
  await Promise.all(
    createAccesses.map(async (createAccess, at) => {
      for (const purchaseAccess of purchaseAccesses) {
        const parameters = { createAccess, purchaseAccess, cognitoUserPoolArn: "arn:aws:cognito-idp:x" };
        const options = Object.entries(parameters).map(([name, value]) => `--param=${name}=${value}`);
        const { template, zips } = await packaged(projects[at] as Project, "--stage", "prod", ...options);
        templates.set(`${createAccess} ${purchaseAccess}`, template);
        if (templates.size > 1) continue; // the code is the same
        for (const zip of Object.values(zips))
          for (const file of await unzipped(zip))
            if (file.name.endsWith(".cjs")) writeFileSync(path.join(folder, file.name), file.content);
      }
    }),
  );
}, 300_000);
afterAll(async () => {
  await Promise.all(projects.map((project) => project.remove()));
  rmSync(folder, { recursive: true, force: true });
});

describe.each(
  createAccesses.flatMap((createAccess) =>
    purchaseAccesses.map((purchaseAccess) => ({ createAccess, purchaseAccess })),
  ),
)("with createAccess $createAccess and purchaseAccess $purchaseAccess", (parameters) => {
  const template = () => templateOf(parameters.createAccess, parameters.purchaseAccess);

  it("every function has a rule in this test", () => {
    const names = apiFunctions(template()).map(({ name }) => name);

    expect(names.sort()).toEqual(Object.keys(rules).sort());
  });

  it.each(Object.entries(rules))("API Gateway requires what the access of %s says", (name, rule) => {
    const { lambda } = functionOf(template(), name);
    const route = routesOf(template()).find(({ calls }) => calls === lambda);

    expect(route?.requires).toEqual(requirementOf(accessOf(rule, parameters)));
  });

  it.each(Object.entries(rules))(
    "function %s responds 403 to exactly the other callers",
    async (name, rule) => {
      const statuses = await statusesOf(functionOf(template(), name));

      const accepted = callers.filter((caller) => statuses[caller] !== 403);
      expect(accepted, JSON.stringify(statuses)).toEqual(acceptedBy(rule, parameters));
    },
  );
});

it("by default the organiser and the shop sell, confirm, read, list and cancel with their own keys", async () => {
  const template = templateOf("key", "key");
  const send = async (caller: Caller, name: string, ids: object, body?: object) => {
    const [response] = await call(functionOf(template, name), [{ caller, ids, body }]);
    return { status: response?.statusCode, ...JSON.parse(String(response?.body)) };
  };

  const { ID: id } = await send("OrganiserKey", "create", {}, { Name: "Derby", Allocation: 9 });
  const order = { Quantity: 2, UserID: user, HoldSeconds: 60 };
  const held = await send("ShopKey", "purchase", { id }, order);
  expect(held).toMatchObject({ status: 200, Status: "held" });
  const ids = { id, purchaseId: held.ID };
  expect(await send("ShopKey", "confirm", ids)).toMatchObject({ status: 200, Status: "sold" });
  const keys = ["OrganiserKey", "ShopKey"] as const;
  for (const key of keys) {
    expect(await send(key, "get-purchase", ids)).toMatchObject({ status: 200, Status: "sold" });
    expect(await send(key, "list-purchases", { id })).toMatchObject({ Purchases: [{ ID: held.ID }] });
    expect(await send(key, "list", {})).toMatchObject({ status: 200, TicketOptions: expect.any(Array) });
  }
  for (const key of keys)
    expect(await send(key, "cancel", ids, { Sold: true })).toMatchObject({
      status: 200,
      Status: "cancelled",
    });
  expect(await send("OrganiserKey", "change", { id }, { Capacity: 8 })).toMatchObject({ status: 200 });
  expect(await send("nobody", "get", { id })).toMatchObject({ status: 200, Allocation: 8, Capacity: 8 });
});

type Parameters = Record<Rule["access"], string>;

/** Who may call a function: `open`, `key`, `iam` or `cognito`. */
function accessOf(rule: Rule | "public", parameters: Parameters): string {
  return rule === "public" ? "open" : parameters[rule.access];
}

function requirementOf(access: string): [apiKey: boolean, authorization: string] {
  const authorization = { iam: "AWS_IAM", cognito: "COGNITO_USER_POOLS" }[access] ?? "NONE";
  return [access === "key", authorization];
}

function acceptedBy(rule: Rule | "public", parameters: Parameters): Caller[] {
  const access = accessOf(rule, parameters);
  if (access === "cognito") return ["token"];
  if (rule === "public" || access !== "key") return [...callers]; // API Gateway accepts only signed requests for `iam`
  const areBothKeys = Object.values(parameters).every((each) => each === "key");
  return callers.filter((caller) => caller === rule.own || (areBothKeys && caller === rule.shared));
}

function templateOf(createAccess: string, purchaseAccess: string): Template {
  const template = templates.get(`${createAccess} ${purchaseAccess}`);
  if (!template) throw new Error(`${createAccess}, ${purchaseAccess} was not packaged`);
  return template;
}

function functionOf(template: Template, name: string): ApiFunction {
  const found = apiFunctions(template).find((one) => one.name === name);
  if (!found) throw new Error(`the template has no function ${name}`);
  return found;
}

/** The status of a function's response to each caller, by its name and access: other settings do not matter. */
const known = new Map<string, Promise<Record<string, number>>>();

function statusesOf(called: ApiFunction): Promise<Record<string, number>> {
  const { ACCESS, API_KEY_IDS } = called.environment;
  const key = JSON.stringify([called.name, ACCESS, API_KEY_IDS]);
  const statuses =
    known.get(key) ??
    call(
      called,
      callers.map((caller) => ({ caller, ids: { id: unknownId, purchaseId: unknownId }, body: {} })),
    ).then((responses) =>
      Object.fromEntries(responses.map(({ statusCode }, at) => [callers[at], statusCode])),
    );
  known.set(key, statuses);
  return statuses;
}

interface Request {
  caller: Caller;
  /** The path parameters. */
  ids: object;
  body?: object | undefined;
}

interface Response {
  statusCode: number;
  body: string;
}

/** Calls a packaged function in its own process, once for each request. */
async function call(called: ApiFunction, requests: Request[]): Promise<Response[]> {
  const events = requests.map((request) => eventOf(called, request));
  const run = `const { handler } = require(process.argv[1]);
    const context = { functionName: "f", getRemainingTimeInMillis: () => 25_000 };
    (async () => {
      const responses = [];
      for (const event of JSON.parse(process.argv[2])) responses.push(await handler(event, context));
      process.send(responses);
    })().finally(() => process.disconnect());`;
  const child = spawn(
    process.execPath,
    ["-e", run, path.join(folder, `dist/${called.name}.cjs`), JSON.stringify(events)],
    { env: environmentOf(called.environment), cwd: folder, stdio: ["ignore", "ignore", "pipe", "ipc"] },
  );
  const printed: Buffer[] = [];
  child.stderr?.on("data", (chunk) => printed.push(chunk));
  return new Promise((resolve, reject) => {
    child.on("message", (responses: Response[]) => resolve(responses));
    child.on("close", () => reject(new Error(`${called.name} gave no response:\n${Buffer.concat(printed)}`)));
  });
}

function eventOf({ method, path: resource }: ApiFunction, { caller, ids, body }: Request): object {
  const requested = Object.entries(ids).reduce((all, [name, id]) => all.replace(`{${name}}`, id), resource);
  const isKey = caller.endsWith("Key");
  return {
    ...{ headers: null, multiValueHeaders: null, multiValueQueryStringParameters: null },
    httpMethod: method,
    resource,
    path: requested,
    pathParameters: ids,
    body: method === "GET" || body === undefined ? null : JSON.stringify(body),
    isBase64Encoded: false,
    requestContext: {
      requestId: "of this test",
      path: `/prod${requested}`,
      stage: "prod",
      identity: { sourceIp: "203.0.113.7", ...(isKey && { apiKey: "its value", apiKeyId: caller }) },
      ...(caller === "token" && { authorizer: { claims: { sub: user } } }),
    },
  };
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
