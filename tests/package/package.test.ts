import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Project } from "../local/project.ts";
import { operations } from "../support/specification.ts";
import { type Deployment, packaged, unzipped } from "./packaging.ts";
import { type ApiFunction, apiFunctions, propertiesOfAll, routesOf } from "./template.ts";

const projects = [new Project(), new Project()];
let deployment: Deployment;
let again: Deployment;

beforeAll(async () => {
  [deployment, again] = (await Promise.all(projects.map((project) => packaged(project)))) as [
    Deployment,
    Deployment,
  ];
}, 60_000);
afterAll(() => Promise.all(projects.map((project) => project.remove())));

/** The names of the files in functions/, which are the names of the functions. */
const names = readdirSync(path.join(import.meta.dirname, "../../functions"))
  .map((file) => path.basename(file, ".ts"))
  .sort();

it("packaging creates exactly one zip for each file in functions/", () => {
  expect(Object.keys(deployment.zips).sort()).toEqual(names);
});

it.each(names)("function %s has its own tests in tests/api/", (name) => {
  expect(existsSync(path.join(import.meta.dirname, `../api/${name}.test.ts`))).toBe(true);
});

it.each(names)("the zip of %s contains only its bundle, minified and without a source map", async (name) => {
  const files = await unzipped(zipOf(deployment, name));
  expect(files.map((file) => file.name)).toEqual([`dist/${name}.cjs`]);

  const code = String(files[0]?.content);
  expect(code).not.toContain("sourceMappingURL");
  expect(code).not.toContain("sourcesContent");
  expect(code).not.toMatch(/^\/\/ \S+\.[cm]?[jt]s$/m); // esbuild writes this above each file unless it minifies
});

it("packaging is reproducible in different folders", () => {
  for (const name of names) expect(zipOf(again, name).equals(zipOf(deployment, name)), name).toBe(true);
});

describe("the template", () => {
  it("has a route to each function in functions/", () => {
    const called = apiFunctions(deployment.template).map(({ name }) => name);

    expect(called.sort()).toEqual(names);
  });

  it.each(names)(
    "has function %s for Node 24 on arm64, with only the environment variables that it reads",
    async (name) => {
      const { properties, environment } = functionOf(name);
      expect(properties).toMatchObject({
        FunctionName: `ticket-allocation-local-${name}`,
        Handler: `dist/${name}.handler`,
        Runtime: "nodejs24.x",
        Architectures: ["arm64"],
      });
      const shared = {
        CLUSTER_ARN: "arn:aws:rds:eu-west-1:000000000000:cluster:tickets",
        SECRET_ARN: "arn:aws:secretsmanager:eu-west-1:000000000000:secret:tickets-functions",
        DATABASE_NAME: "tickets",
        AWS_ENDPOINT_URL_RDS_DATA: "http://rds-data:8080",
        POWERTOOLS_SERVICE_NAME: "ticket-allocation-local",
        ACCESS: "open",
      };
      expect(environment).toMatchObject(shared);

      // No variable that its code does not read, because one of them is a secret.
      const [bundle] = await unzipped(zipOf(deployment, name));
      const more = Object.keys(environment).filter((variable) => !(variable in shared));
      expect(more.filter((variable) => !bundle?.content.includes(variable))).toEqual([]);
    },
  );

  it("has a REST API with exactly the routes of docs/openapi.yaml and their preflights", () => {
    expect(propertiesOfAll(deployment.template, "AWS::ApiGateway::RestApi")).toMatchObject([
      { Name: "ticket-allocation-local", EndpointConfiguration: { Types: ["REGIONAL"] } },
    ]);
    const routes = routesOf(deployment.template).map(({ method, path }) => `${method} ${path}`);
    const documented = operations.map(({ method, path }) => `${method} ${path}`);
    const preflights = operations.map(({ path }) => `OPTIONS ${path}`);

    expect(routes.sort()).toEqual([...documented, ...new Set(preflights)].sort());
  });
});

function zipOf({ zips }: Deployment, name: string): Buffer {
  const zip = zips[name];
  if (!zip) throw new Error(`there is no zip of ${name}`);
  return zip;
}

function functionOf(name: string): ApiFunction {
  const found = apiFunctions(deployment.template).find((one) => one.name === name);
  if (!found) throw new Error(`no route calls a function ${name}`);
  return found;
}
