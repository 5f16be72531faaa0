// Tests without Docker that the zips work as on Lambda: each unpacked in an empty folder, called by AWS's own runtime
// client, behind the routes and gateway responses of the template.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { Project } from "../local/project.ts";
import { type Deployment, packaged } from "../package/packaging.ts";
import { type ApiGateway, apiGateway } from "./api-gateway.ts";
import { Lambda } from "./lambda.ts";
import { awsRuntime } from "./ric.ts";

const project = new Project();
let deployment: Deployment;
let runtime: string | undefined;
beforeAll(async () => {
  deployment = await packaged(project);
  runtime = await awsRuntime().catch((error: Error) => {
    process.stderr.write(`Not tested with AWS's runtime client: ${error.message}\n`);
    return undefined;
  });
}, 900_000);
afterAll(() => project.remove());

it("the packaged functions pass the API suite", async ({ skip }) => {
  if (runtime === undefined) return skip();
  const { api, url, close } = await serve(runtime);
  // The test runner with the same options as `API_BASE_URL=… npm test`.
  const suite = spawn("vitest", ["run"], {
    env: { ...process.env, API_BASE_URL: url, API_BASE_PATH: "/local" },
  });
  const printed: Buffer[] = [];
  for (const stream of [suite.stdout, suite.stderr]) stream.on("data", (chunk) => printed.push(chunk));
  const [status] = await once(suite, "close");
  await api.close();
  await close();

  const output = String(Buffer.concat(printed));
  expect(status, output).toBe(0);
  expect(output).toMatch(/Test Files .*passed/);
});

/** Serves the API of the template with the functions in the zips. */
async function serve(program: string): Promise<{ api: ApiGateway; url: string; close(): Promise<unknown> }> {
  const api = apiGateway(deployment.template, "local", ({ Handler, Environment }) => {
    const name = /dist\/([\w-]+)\./.exec(Handler)?.[1] ?? "";
    return Lambda.of({
      zip: deployment.zips[name] as Buffer,
      handler: Handler,
      environment: { ...Environment.Variables, ...inject("functionsEnvironment") },
      runtime: program,
    });
  });
  const server = createServer((request, response) => void api.respond(request, request.url ?? "/", response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    api,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.closeAllConnections();
      return once(server.close(), "close");
    },
  };
}
