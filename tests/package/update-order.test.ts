import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Project } from "../local/project.ts";
import { packaged, type Template } from "./packaging.ts";
import { apiFunctions, named, type Stage, templateOf } from "./template.ts";

// An old `purchase` would ignore the rules of an option that a new `create` or `change` makes, and its statement could
// fail when `cancel` raises the stock.
const later = ["create", "change", "cancel"];

describe.each<Stage>(["local", "dev", "prod"])("a deploy of stage %s", (stage) => {
  it("updates purchase before create, change and cancel, and no function waits for another", () => {
    expect(waitingFor(templateOf(stage))).toEqual(
      Object.fromEntries(later.map((name) => [name, ["PurchaseLambdaFunction"]])),
    );
  });
});

describe("a deploy with provisioned concurrency", () => {
  const project = new Project();
  let template: Template;
  beforeAll(async () => {
    const option = "--param=purchaseProvisionedConcurrency=2";
    ({ template } = await packaged(project, "--stage", "prod", option));
  }, 120_000);
  afterAll(() => project.remove());

  it("updates create, change and cancel after the alias of purchase, which the API calls", () => {
    const [alias = ""] = named(template, "AWS::Lambda::Alias");

    expect(JSON.stringify(template.Resources[alias])).toContain("PurchaseLambdaFunction");
    expect(waitingFor(template)).toEqual(Object.fromEntries(later.map((name) => [name, [alias]])));
  });
});

/** The functions and aliases that each function of the API depends on, by its name. */
function waitingFor(template: Template): Record<string, string[]> {
  const types = ["AWS::Lambda::Function", "AWS::Lambda::Alias"];
  const all = types.flatMap((type) => named(template, type));
  const waiting = apiFunctions(template).map(({ name, lambda }): [string, string[]] => {
    const { DependsOn = [] } = template.Resources[lambda] ?? {};
    return [name, [DependsOn].flat().filter((each) => all.includes(each))];
  });
  return Object.fromEntries(waiting.filter(([, dependencies]) => dependencies.length > 0));
}
