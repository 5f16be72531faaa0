// Environment variables and AWS profiles that the caller has set for other programs must have no effect.
import { afterAll, beforeAll, expect, it } from "vitest";
import { freePort } from "../../emulator/src/index.ts";
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

it("npm run dev serves every endpoint despite the caller's settings", async () => {
  const { create, purchase, left } = shop(service);
  const id = await create(3);

  expect((await purchase(id, 2)).status).toBe(200);
  expect(await left(id)).toBe(1);
});

it("npm run db:verify audits the local database despite the caller's settings", async () => {
  const run = project.run(["npm", "run", "--silent", "db:verify"], environment);

  expect({ status: await run.ended, lines: run.lines }).toEqual({
    status: 0,
    lines: [expect.stringMatching(/\b\d+ ticket options/)],
  });
});

it("npm run dev:data-api serves the Data API despite the caller's settings", async () => {
  const other = new Project();
  const port = await freePort("127.0.0.1");
  try {
    const run = other.run(["npm", "run", "dev:data-api", "--", "--port", `${port}`], environment);
    const select = emulatorClient(await exported(run));

    expect(await select("select current_database()")).toMatchObject({
      records: [[{ stringValue: "tickets" }]],
    });
  } finally {
    await other.remove();
  }
});
