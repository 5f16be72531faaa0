import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import JSZip from "jszip";
import type { Project } from "../local/project.ts";

/** The output of `serverless package`. */
export interface Deployment {
  /** The zips by function name. */
  zips: Record<string, Buffer>;
  template: Template;
}

/** A CloudFormation template. */
export interface Template {
  Resources: Record<string, Resource>;
  Outputs?: Record<string, unknown>;
  Conditions?: Record<string, unknown>;
}

export interface Resource {
  Type: string;
  Properties: Record<string, unknown>;
  DependsOn?: string | string[];
  Condition?: string;
  DeletionPolicy?: string;
  UpdateReplacePolicy?: string;
}

/** Packages a copy of this project without AWS credentials, with options such as `--stage prod`. */
export async function packaged(project: Project, ...options: string[]): Promise<Deployment> {
  const folder = path.join(project.folder, "a deployment");
  const run = project.run(["npx", "serverless", "package", "--package", folder, ...options]);
  if ((await run.ended) !== 0) throw new Error(run.lines.join("\n"));
  const zips = readdirSync(folder).filter((file) => file.endsWith(".zip"));
  return {
    zips: Object.fromEntries(
      zips.map((file) => [path.basename(file, ".zip"), readFileSync(path.join(folder, file))]),
    ),
    template: JSON.parse(
      readFileSync(path.join(folder, "cloudformation-template-update-stack.json"), "utf8"),
    ),
  };
}

/** The files in a zip. */
export async function unzipped(zip: Buffer): Promise<{ name: string; content: Buffer }[]> {
  const { files } = await JSZip.loadAsync(zip);
  return Promise.all(
    Object.values(files).map(async (file) => ({ name: file.name, content: await file.async("nodebuffer") })),
  );
}
