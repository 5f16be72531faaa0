// The caller's settings of other programs change nothing: neither those in the environment nor the AWS profile.
import { afterAll, beforeAll, expect, it } from "vitest";
import { freePort } from "../../infra/local/ports.ts";
import { callersSettings } from "./callers-settings.ts";
import { emulatorClient, exported } from "./emulator-client.ts";
import { Project, type Service } from "./project.ts";
import { shop } from "./shop.ts";

const project = new Project();
let environment: Record<string, string>;
let service: Service;

beforeAll(async () => {
  environment = callersSettings(project.home);
  service = await project.start({ environment });
  await service.line(/^Ready/);
});
afterAll(() => project.remove());

it("serves every endpoint by `npm run dev`", async () => {
  const { create, purchase, left } = shop(service);
  const id = await create(3);

  expect((await purchase(id, 2)).status).toBe(200);
  expect(await left(id)).toBe(1);
});

it("audits the local database by `npm run verify`", async () => {
  const run = project.run(["npm", "run", "--silent", "verify"], environment);

  expect({ status: await run.ended, lines: run.lines }).toEqual({
    status: 0,
    lines: [expect.stringMatching(/\b\d+ ticket options/)],
  });
});

it("serves the Data API by `npm run data-api`", async () => {
  const other = new Project();
  const port = await freePort("127.0.0.1");
  try {
    const run = other.run(["npm", "run", "data-api", "--", "--port", `${port}`], environment);
    const select = emulatorClient(await exported(run));

    expect(await select("select current_database()")).toMatchObject({
      records: [[{ stringValue: "tickets" }]],
    });
  } finally {
    await other.remove();
  }
});
