import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Project } from "../local/project.ts";
import { type Deployment, packaged, type Resource, unzipped } from "./packaging.ts";

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

/** The environment of each function, besides what they share. */
const environments = {
  create: { ACCESS: "open", API_KEY_IDS: "", RETRY_KEY_SECRET: "local", PUBLIC_BASE_PATH: "" },
  get: { ACCESS: "open" },
  purchase: { ACCESS: "open", API_KEY_IDS: "", RETRY_KEY_SECRET: "local" },
};
const names = Object.keys(environments);

it("makes a zip for each function, and no other", () => {
  expect(Object.keys(deployment.zips).sort()).toEqual(names);
});

it.each(names)(
  "puts nothing but its bundle into the zip of %s, minified and without its source map",
  async (name) => {
    const files = await unzipped(zipOf(deployment, name));
    expect(files.map((file) => file.name)).toEqual([`dist/${name}.cjs`]);

    const code = String(files[0]?.content);
    expect(code).not.toContain("sourceMappingURL");
    expect(code).not.toContain("sourcesContent");
    expect(code).not.toMatch(/^\/\/ \S+\.[cm]?[jt]s$/m); // what esbuild writes above each file, unless it minifies
  },
);

it("makes the same bytes of the same sources, wherever they lie", () => {
  for (const name of names) expect(zipOf(again, name).equals(zipOf(deployment, name)), name).toBe(true);
});

describe("the template", () => {
  it("has the three functions, for Node 24 on arm64, with the environment that they read", () => {
    const functions = resources("AWS::Lambda::Function").map(({ Properties }) => Properties);
    expect(functions).toHaveLength(3);
    for (const [name, environment] of Object.entries(environments))
      expect(functions).toContainEqual(
        expect.objectContaining({
          FunctionName: `ticket-allocation-local-${name}`,
          Handler: `dist/${name}.handler`,
          Runtime: "nodejs24.x",
          Architectures: ["arm64"],
          Environment: {
            Variables: {
              CLUSTER_ARN: clusterArn,
              SECRET_ARN: secretArn,
              DATABASE_NAME: "tickets",
              MAX_TICKETS_PER_PURCHASE: "10000",
              AWS_ENDPOINT_URL_RDS_DATA: "http://rds-data:8080",
              POWERTOOLS_SERVICE_NAME: "ticket-allocation-local",
              ...environment,
            },
          },
        }),
      );
  });

  it("puts them behind a REST API with the contract's routes and their preflights, and no other", () => {
    expect(resources("AWS::ApiGateway::RestApi")).toMatchObject([
      { Properties: { Name: "ticket-allocation-local", EndpointConfiguration: { Types: ["REGIONAL"] } } },
    ]);
    const routes = resources("AWS::ApiGateway::Method").map(
      ({ Properties: { HttpMethod, ResourceId, Integration } }) =>
        `${HttpMethod} ${pathOf(ResourceId)} ${calledBy(Integration)}`,
    );
    expect(routes.sort()).toEqual([
      "GET /ticket_options/{id} GetLambdaFunction",
      "OPTIONS /ticket_options nothing",
      "OPTIONS /ticket_options/{id} nothing",
      "OPTIONS /ticket_options/{id}/purchases nothing",
      "POST /ticket_options CreateLambdaFunction",
      "POST /ticket_options/{id}/purchases PurchaseLambdaFunction",
    ]);
  });
});

const clusterArn = "arn:aws:rds:eu-west-1:000000000000:cluster:tickets";
const secretArn = "arn:aws:secretsmanager:eu-west-1:000000000000:secret:tickets-functions";

function zipOf({ zips }: Deployment, name: string): Buffer {
  const zip = zips[name];
  if (!zip) throw new Error(`there is no zip of ${name}`);
  return zip;
}

function resources(type: string): Resource[] {
  return Object.values(deployment.template.Resources).filter(({ Type }) => Type === type);
}

/** The path of an API Gateway resource, which names only its last part and its parent. */
function pathOf(reference: unknown): string {
  const { Ref } = reference as { Ref?: string };
  if (Ref === undefined) return "";
  const { PathPart, ParentId } = deployment.template.Resources[Ref]?.Properties ?? {};
  return `${pathOf(ParentId)}/${PathPart}`;
}

/** The function that a route calls. */
function calledBy(integration: unknown): string {
  return /"Fn::GetAtt":\["(\w+)","Arn"\]/.exec(JSON.stringify(integration))?.[1] ?? "nothing";
}
