import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, expect, it } from "vitest";
import { Project } from "../local/project.ts";
import { packaged } from "./packaging.ts";
import { templateErrors } from "./schema.ts";
import { environment } from "./template.ts";

const project = new Project();
afterAll(() => project.remove());

it("a second shop key can be added as docs/operations.md describes", async () => {
  edit("infra/aws/api.yml", (text) => {
    const [copied = ""] = /^ {2}ShopKey:[\s\S]*?^ {2}ShopPlan:$/m.exec(text) ?? [];
    const key = copied
      .replace("ShopKey:", "ShopKey2:")
      .replace("-shop", "-shop-2")
      .replace("  ShopPlan:", "");
    const [planKey = ""] = /^ {2}ShopPlanKey:[\s\S]*?^$/m.exec(text) ?? [];
    const more = planKey.replace("ShopPlanKey:", "ShopPlanKey2:").replace("!Ref ShopKey", "!Ref ShopKey2");
    return text.replace("\n  Firewall:\n", `\n${key}${more}\n  Firewall:\n`);
  });
  edit("serverless.yml", (text) => text.replace("[!Ref ShopKey]", "[!Ref ShopKey, !Ref ShopKey2]"));

  const { template } = await packaged(project, "--stage", "prod");

  expect(templateErrors(template)).toEqual([]);
  expect(template.Resources.ShopPlanKey2?.Properties).toEqual({
    KeyId: { Ref: "ShopKey2" },
    KeyType: "API_KEY",
    UsagePlanId: { Ref: "ShopPlan" },
  });
  expect(environment(template, "Purchase").API_KEY_IDS).toEqual({
    "Fn::Join": [",", [{ Ref: "ShopKey" }, { Ref: "ShopKey2" }]],
  });
});

function edit(file: string, change: (text: string) => string): void {
  const whole = path.join(project.folder, file);
  writeFileSync(whole, change(readFileSync(whole, "utf8")));
}
