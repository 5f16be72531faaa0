import type { TestProject } from "vitest/node";
import { Project } from "../local/project.ts";
import { packaged, type Template } from "./packaging.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** The templates that `serverless package --stage` creates, by stage. */
    templates: Record<"local" | "dev" | "prod", Template>;
  }
}

/** Packages the project for each stage. */
export default async function setup(project: TestProject): Promise<void> {
  const [local, dev, prod] = await Promise.all(["local", "dev", "prod"].map(template));
  if (local && dev && prod) project.provide("templates", { local, dev, prod });
}

async function template(stage: string): Promise<Template> {
  const project = new Project();
  try {
    return (await packaged(project, "--stage", stage)).template;
  } finally {
    await project.remove();
  }
}
