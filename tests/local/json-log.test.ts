import { expect, it, onTestFinished } from "vitest";
import { Project } from "./project.ts";
import { shop } from "./shop.ts";

it("LOG_FORMAT=json prints only the JSON log of the functions, as on AWS", async () => {
  const project = new Project();
  onTestFinished(() => project.remove());
  const service = await project.start({ environment: { LOG_FORMAT: "json" } });
  await service.line(/^Ctrl-C ends it all/);
  const from = service.lines.length;
  const { create, get } = shop(service);

  await create(3);
  await get("no-id");

  await service.line(/"status":404/, from);
  const printed = service.lines.slice(from).filter(Boolean);
  const about = (name: string) => ({
    level: "INFO",
    service: "ticket-allocation-local",
    function_name: `ticket-allocation-local-${name}`,
    requestId: expect.any(String),
  });
  const coldStart = (name: string) => ({
    _aws: expect.any(Object),
    function_name: `ticket-allocation-local-${name}`,
    ColdStart: 1,
  });
  expect(printed.map((line) => JSON.parse(line))).toMatchObject([
    coldStart("create"),
    { ...about("create"), method: "POST", route: "/ticket_options", status: 200 },
    coldStart("get"),
    { ...about("get"), method: "GET", route: "/ticket_options/{id}", status: 404 },
  ]);
});
