import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { undocumented } from "../support/documented.ts";
import { type Operation, operations } from "../support/specification.ts";

const file = path.join(import.meta.dirname, "../../infra/aws/gateway-responses.yml");
const customTags = [{ tag: "!Ref", resolve: (name: string) => name }];
const { Resources } = parse(readFileSync(file, "utf8"), { merge: true, customTags });

interface Answer {
  Properties: {
    ResponseType: string;
    StatusCode: string;
    ResponseParameters: Record<string, string>;
    ResponseTemplates: { "application/json": string };
  };
}

it.each(Object.values<Answer>(Resources).map(({ Properties }) => Properties))(
  "docs/openapi.yaml has API Gateway's own response $ResponseType for every operation that can get it",
  (answer) => {
    const headers = Object.entries(answer.ResponseParameters).map(([name, value]) => [
      name.replace("gatewayresponse.header.", "").toLowerCase(),
      /^'(.*)'$/.exec(value)?.[1] ?? "6f1c2f5e-8a53-4d0b-b1f7-2c9d0f3a4e68",
    ]);
    const response = {
      status: Number(answer.StatusCode),
      headers: Object.fromEntries(headers),
      body: answer.ResponseTemplates["application/json"],
    };

    const wrong = operations
      .filter((one) => canGet(one, response.status))
      .flatMap(({ method, path }) =>
        undocumented({ method, path }, response).map((error) => `${method} ${path}: ${error}`),
      );
    expect(wrong).toEqual([]);
  },
);

function canGet({ security, hasBody }: Operation, status: number): boolean {
  if (status === 403) return security.length > 0;
  return status !== 413 || hasBody;
}
