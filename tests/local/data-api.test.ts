import { ExecuteStatementCommand, RDSDataClient } from "@aws-sdk/client-rds-data";
import { afterAll, expect, it } from "vitest";
import { assertFree, freePort } from "../../infra/local/ports.ts";
import { Project } from "./project.ts";

const project = new Project();
afterAll(() => project.remove());

it("serves the Data API alone, as it prints, with faults if asked to, and ends by Ctrl-C", async () => {
  const port = await freePort("127.0.0.1");
  const run = project.run([
    "npm",
    "run",
    "data-api",
    "--",
    "--port",
    `${port}`,
    "--max-row",
    "70006",
    "--faults",
  ]);
  await run.line(/^Ctrl-C ends it/);
  const exported = (await run.line(/^ {2}export /)).trim().split(" ").slice(1);
  const environment = Object.fromEntries(exported.map((pair) => pair.split("=")));

  const client = new RDSDataClient({
    endpoint: environment.AWS_ENDPOINT_URL_RDS_DATA,
    region: environment.AWS_REGION,
    credentials: {
      accessKeyId: environment.AWS_ACCESS_KEY_ID,
      secretAccessKey: environment.AWS_SECRET_ACCESS_KEY,
    },
  });
  const execute = (sql: string) =>
    client.send(
      new ExecuteStatementCommand({
        resourceArn: "arn:aws:rds:eu-west-1:111122223333:cluster:any",
        secretArn: "arn:aws:secretsmanager:eu-west-1:111122223333:secret:any",
        sql,
      }),
    );
  const select = () => execute("select current_database()");
  expect(await select()).toMatchObject({ records: [[{ stringValue: "tickets" }]] });
  expect(await execute("select repeat('x', 70000)")).toMatchObject({
    records: [[{ stringValue: "x".repeat(70_000) }]],
  });
  await fetch(`http://127.0.0.1:${port}/faults`, { method: "PUT", body: '{"fault": "resuming"}' });
  await expect(select()).rejects.toMatchObject({ name: "DatabaseResumingException" });

  run.signal("SIGINT");
  await run.ended;
  expect(project.postgres()).toBeUndefined();
  await assertFree(port, "127.0.0.1");
});

it.each([[["--port", "many"]], [["--latency", "long"]], [["--max-row", "wide"]], [["--unknown"]]])(
  "does not start with %o, and says why",
  async (options) => {
    const run = project.run(["npm", "run", "--silent", "data-api", "--", ...options]);

    expect(await run.ended).toBe(1);
    expect(run.lines[0]).toMatch(/^Cannot start: /);
  },
);
