import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { parse } from "yaml";
import type { ApiResponse } from "../support/api.ts";
import { undocumented } from "../support/documented.ts";
import { at, type Operation, operations } from "../support/specification.ts";

const file = path.join(import.meta.dirname, "../../infra/aws/gateway-responses.yml");
const customTags = [{ tag: "!Ref", resolve: (name: string) => name }];
const { Resources } = parse(readFileSync(file, "utf8"), { merge: true, customTags });

interface GatewayResponse {
  Properties: {
    ResponseType: string;
    StatusCode: string;
    ResponseParameters: Record<string, string>;
    ResponseTemplates: { "application/json": string };
  };
}

it.each(Object.values<GatewayResponse>(Resources).map(({ Properties }) => Properties))(
  "docs/openapi.yaml documents API Gateway's response $ResponseType for every operation that can get it",
  (gatewayResponse) => {
    const headers = Object.entries(gatewayResponse.ResponseParameters).map(([name, value]) => [
      name.replace("gatewayresponse.header.", "").toLowerCase(),
      /^'(.*)'$/.exec(value)?.[1] ?? "6f1c2f5e-8a53-4d0b-b1f7-2c9d0f3a4e68",
    ]);
    const response = {
      status: Number(gatewayResponse.StatusCode),
      headers: Object.fromEntries(headers),
      body: gatewayResponse.ResponseTemplates["application/json"],
    };

    const errors = operations
      .filter((one) => canGet(one, response.status))
      .flatMap((one) =>
        undocumented(one, sentTo(one, response)).map((error) => `${one.method} ${one.path}: ${error}`),
      );
    expect(errors).toEqual([]);
  },
);

function canGet({ security, hasBody }: Operation, status: number): boolean {
  if (status === 403) return security.length > 0;
  return status !== 413 || hasBody;
}

/** The response to a request with the documented headers: API Gateway repeats the request's `Idempotency-Key`. */
function sentTo({ pointer }: Operation, response: ApiResponse): ApiResponse {
  const takesKey = Object.values(at(pointer).parameters ?? {}).some(({ $ref }) =>
    String($ref).endsWith("/IdempotencyKey"),
  );
  const { "idempotency-key": _, ...others } = response.headers;
  return takesKey ? response : { ...response, headers: others };
}
