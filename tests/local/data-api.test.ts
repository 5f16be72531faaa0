import { afterAll, expect, it } from "vitest";
import { assertFree, freePort } from "../../emulator/src/index.ts";
import { emulatorClient, exported } from "./emulator-client.ts";
import { Project } from "./project.ts";

const project = new Project();
afterAll(() => project.remove());

it("npm run dev:data-api serves the Data API with the printed settings and with faults, and ends on Ctrl-C", async () => {
  const port = await freePort("127.0.0.1");
  const options = ["--port", `${port}`, "--max-row", "70006", "--faults"];
  const run = project.run(["npm", "run", "dev:data-api", "--", ...options]);
  const select = emulatorClient(await exported(run));

  expect(await select("select current_database()")).toMatchObject({
    records: [[{ stringValue: "tickets" }]],
  });
  expect(await select("select repeat('x', 70000)")).toMatchObject({
    records: [[{ stringValue: "x".repeat(70_000) }]],
  });
  await fetch(`http://127.0.0.1:${port}/faults`, { method: "PUT", body: '{"fault": "resuming"}' });
  await expect(select("select 1")).rejects.toMatchObject({ name: "DatabaseResumingException" });

  run.signal("SIGINT");
  await run.ended;
  expect(project.postgres()).toBeUndefined();
  await assertFree(port, "127.0.0.1");
});
