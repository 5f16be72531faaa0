// `serverless deploy` and `serverless remove`, as a user runs them, against a stub of AWS.
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Project } from "../local/project.ts";
import { unzipped } from "../package/packaging.ts";
import { routes } from "../support/routes.ts";
import { AwsStub, credentials } from "./aws-stub.ts";

const project = new Project();
let aws: AwsStub;
beforeAll(async () => {
  aws = await AwsStub.start();
  expect(await serverless("deploy")).toEqual(done);
});
afterAll(async () => {
  await project.remove();
  await aws.close();
});

it("makes the bucket, uploads the zips and the template, and makes the stack of them", async () => {
  expect(deployed()?.status).toBe("UPDATE_COMPLETE");
  const calls = aws.calls.filter(isChange).map((call) => call.replace(/\/\d+-[^/]+\//, "/TIME/"));
  const uploaded = calls.splice(changeSet.length, files.length).sort(); // they go at once
  calls.splice(changeSet.length, 0, ...uploaded);
  expect(calls).toEqual([
    ...changeSet,
    ...files.map((file) => `S3 PUT ${uploads}/TIME/${file}?x-id=PutObject`),
    ...changeSet,
  ]);
  const zips = aws.s3.paths().filter((file) => file.endsWith(".zip"));
  const contents = await Promise.all(
    zips.map(async (zip) => {
      const [, bucket = "", ...key] = zip.split("/");
      return (await unzipped(aws.s3.object(bucket, key.join("/")))).map(({ name }) => name);
    }),
  );
  expect(contents.sort()).toEqual(routes.map(({ name }) => [`dist/${name}.cjs`]).sort());
});

it.each([
  { what: "an option that nobody knows", from: "memorySize: 512", to: "memorySise: 512" },
  { what: "a variable that is not there", from: "param:maxTicketsPerPurchase", to: "param:maxTickets" },
  { what: "a function of no file", from: "    get:\n", to: "    got:\n" },
  { what: "a resource that is not there", from: "DATABASE_NAME: tickets", to: "DATABASE_NAME: !Ref Tickets" },
])("fails with $what in serverless.yml, and leaves what was deployed as it is", async ({ from, to }) => {
  const before = deployed();
  const file = path.join(project.folder, "serverless.yml");
  const sound = readFileSync(file, "utf8");
  expect(sound).toContain(from);

  writeFileSync(file, sound.replace(from, to));
  expect(await serverless("deploy")).toMatchObject({ status: 1 });
  writeFileSync(file, sound);
  expect(deployed()).toBe(before);
});

it("is removed without a rest", async () => {
  await serverless("remove"); // complains at its end: it also asks for container images, which LocalStack lacks
  expect({ stacks: aws.cloudFormation.stacks.size, objects: aws.s3.paths() }).toEqual({
    stacks: 0,
    objects: [],
  });
});

const files = [
  "compiled-cloudformation-template.json",
  ...routes.map(({ name }) => `${name}.zip`),
  "serverless-state.json",
].sort();
const done = { status: 0, printed: expect.any(String) };
const changeSet = ["CloudFormation CreateChangeSet", "CloudFormation ExecuteChangeSet"];
const uploads = "/ticket-allocation-local-serverlessdeploymentbucket/serverless/ticket-allocation/local";

function deployed() {
  return aws.cloudFormation.stacks.get("ticket-allocation-local");
}

function isChange(call: string): boolean {
  return /^S3 (PUT|POST)|(Create|Execute)ChangeSet$/.test(call);
}

async function serverless(command: string): Promise<{ status: unknown; printed: string }> {
  const run = project.run(["npx", "serverless", command, "--stage", "local"], {
    ...credentials,
    AWS_ENDPOINT_URL: aws.url,
  });
  return { status: await run.ended, printed: run.lines.join("\n") };
}
