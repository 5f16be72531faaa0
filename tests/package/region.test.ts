import { execFile } from "node:child_process";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { Project } from "../local/project.ts";
import { cloudFormation } from "../support/aws.ts";

const project = new Project();
afterAll(() => project.remove());

const commands = {
  "serverless info": ["npx", "serverless", "info"],
  "npm run db:migrate": [process.execPath, "infra/aws/migrate-stage.ts"],
  "npm run db:rotate-password": [process.execPath, "infra/aws/rotate-password.ts"],
  "npm run db:verify": [process.execPath, "infra/verify.ts"],
};

describe.each(Object.entries(commands))("%s", (_, command) => {
  it.each<[how: string, args: string[], environment: Record<string, string>, region: string]>([
    ["--region", ["--region", "ap-south-1"], { AWS_REGION: "us-west-2" }, "ap-south-1"],
    ["AWS_REGION", [], { AWS_REGION: "us-west-2" }, "us-west-2"],
    ["the default", [], {}, "eu-west-1"],
    ["the default, with an empty AWS_REGION", [], { AWS_REGION: "" }, "eu-west-1"],
  ])("looks up the stage in the region from %s", async (_, args, environment, region) => {
    const stack = await cloudFormation({});
    const [program = "", ...more] = command;
    const env = {
      PATH: process.env.PATH,
      HOME: path.join(project.folder, "no home"),
      npm_config_update_notifier: "false",
      AWS_ENDPOINT_URL_CLOUDFORMATION: stack.url,
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "test",
      ...environment,
    };

    // The command fails because the stack has no outputs, but only after it has looked up the stack.
    await new Promise<void>((resolve) => {
      execFile(program, [...more, "--stage", "prod", ...args], { env, cwd: project.folder }, () => resolve());
    });

    expect(stack.sent.map((request) => request.region)).toContain(region);
    expect(new Set(stack.sent.map((request) => request.region)).size).toBe(1);
  });
});
