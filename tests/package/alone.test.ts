import { fork } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { Project } from "../local/project.ts";
import type { ApiRequest, ApiResponse } from "../support/api.ts";
import { routes } from "../support/routes.ts";
import { packaged, unzipped } from "./packaging.ts";

const project = new Project();
const folder = mkdtempSync(path.join(tmpdir(), "packaged-"));

beforeAll(async () => {
  const { zips } = await packaged(project);
  for (const [name, zip] of Object.entries(zips)) await unpack(name, zip);
  // Copies the helpers with which other tests call handlers next to the packaged handlers.
  const tests = path.join(import.meta.dirname, "..");
  for (const file of ["support/over-handlers.ts", "support/gateway-event.ts", "package/call.ts"])
    cpSync(path.join(tests, file), path.join(folder, "caller/tests", file));
  writeFileSync(
    path.join(folder, "caller/tests/support/routes.ts"),
    `export const routes = ${JSON.stringify(routes)};`,
  );
  writeFileSync(path.join(folder, "caller/package.json"), '{ "type": "module" }');
}, 60_000);
afterAll(async () => {
  await project.remove();
  rmSync(folder, { recursive: true, force: true });
});

it("each zip works on its own, without installed packages", async () => {
  const creation = await call("POST", "/ticket_options", {
    Name: "Fenerbahce vs Galatasaray",
    Allocation: 3,
  });
  expect(creation).toMatchObject({ status: 200, body: { Allocation: 3, Capacity: 3 } });
  const option = `/ticket_options/${creation.body.ID}`;
  const order = { Quantity: 2, UserID: "406c1d05-bbb2-4e94-b183-7d208c2692e1" };

  const sold = await call("POST", `${option}/purchases`, order);
  expect(sold).toMatchObject({
    status: 200,
    body: { Quantity: 2, TicketIDs: Array(2).fill(expect.any(String)) },
  });

  expect(await call("GET", option)).toMatchObject({ status: 200, body: { Allocation: 1, Capacity: 3 } });

  expect(await call("POST", `${option}/purchases`, order)).toMatchObject({
    status: 409,
    body: { detail: "there is not any available tickets", requested: 2, available: 1 },
  });
  expect(await call("GET", option)).toMatchObject({ status: 200, body: { Allocation: 1, Capacity: 3 } });
});

it("the packaged functions count sales and refusals in the metrics of the alarms and the dashboard", async () => {
  const { body } = await call("POST", "/ticket_options", { Name: "Galatasaray vs Besiktas", Allocation: 2 });
  const path = `/ticket_options/${body.ID}/purchases`;
  const order = { Quantity: 2, UserID: "406c1d05-bbb2-4e94-b183-7d208c2692e1" };
  const counted = (metrics: Record<string, number>) => ({
    ...metrics,
    service: "ticket-allocation-prod",
    _aws: expect.objectContaining({
      CloudWatchMetrics: [
        {
          Namespace: "TicketAllocation",
          Dimensions: [["service"]],
          Metrics: Object.keys(metrics).map((Name) => ({ Name, Unit: "Count" })),
        },
      ],
    }),
  });

  const sold = await call("POST", path, order);
  expect(sold.log).toContainEqual(counted({ Purchases: 1, TicketsSold: 2 }));

  const refused = await call("POST", path, order);
  expect(refused.log).toContainEqual(counted({ Looks: 1, Refusals: 1 }));
});

it("the packaged functions log each response as JSON with the service name and the request id", async () => {
  const { log, status } = await call("GET", "/ticket_options/01900000-0000-7000-8000-000000000000");

  expect(status).toBe(404);
  expect(log).toContainEqual(
    expect.objectContaining({
      level: "INFO",
      message: "responded",
      service: "ticket-allocation-prod",
      requestId: expect.stringMatching(/./),
      status: 404,
    }),
  );
});

/** Unpacks a zip into its own folder, and exports its handler from `caller/functions/` in place of `functions/`. */
async function unpack(name: string, zip: Buffer): Promise<void> {
  for (const file of await unzipped(zip)) {
    const whole = path.join(folder, name, file.name);
    mkdirSync(path.dirname(whole), { recursive: true });
    writeFileSync(whole, file.content);
  }
  mkdirSync(path.join(folder, "caller/functions"), { recursive: true });
  writeFileSync(
    path.join(folder, `caller/functions/${name}.ts`),
    `import { createRequire } from "node:module";
     export const { handler } = createRequire(import.meta.url)("../../${name}/dist/${name}.cjs");`,
  );
}

/** Sends one request to a packaged function in a new process, with only the environment variables of the Lambda. */
async function call(method: string, route: string, body?: object) {
  const { POWERTOOLS_DEV, ...environment } = inject("functionsEnvironment"); // logs and metrics as on Lambda
  const child = fork(path.join(folder, "caller/tests/package/call.ts"), {
    cwd: folder,
    env: { ...environment, POWERTOOLS_SERVICE_NAME: "ticket-allocation-prod" },
    execArgv: [],
    silent: true,
  });
  const printed: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk) => printed.push(chunk));
  const responses: ApiResponse[] = [];
  child.on("message", (message: ApiResponse) => responses.push(message));
  const request: ApiRequest = { method, path: route, ...(body && { body: JSON.stringify(body) }) };
  child.send(request);
  await once(child, "close");
  const [response] = responses;
  if (!response) throw new Error(`no response to ${method} ${route}:\n${Buffer.concat(printed)}`);
  const lines = Buffer.concat(printed).toString().split("\n");
  const log = lines.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
  return { ...response, body: JSON.parse(response.body), log };
}
