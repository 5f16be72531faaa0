import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import path from "node:path";
import { parse } from "yaml";

interface GatewayResponse {
  ResponseType: string;
  StatusCode: string;
  ResponseParameters: Record<string, string>;
  ResponseTemplates: { "application/json": string };
}

/**
 * Responds to a request that reaches no function, with API Gateway's response of a type.
 *
 * @returns the body
 */
export type Refuse = (response: ServerResponse, type: string) => string;

/** Reads the responses from the deployed ones (infra/aws/gateway-responses.yml), so that both are the same. */
export function gatewayResponses(): Refuse {
  const file = path.join(import.meta.dirname, "../aws/gateway-responses.yml");
  const template: { Resources: Record<string, { Properties: GatewayResponse }> } = parse(
    readFileSync(file, "utf8"),
    { merge: true, logLevel: "error" }, // no warnings about CloudFormation's tags
  );
  const all = Object.values(template.Resources).map(({ Properties }) => Properties);
  return (response, type) => {
    const given = all.find(({ ResponseType }) => ResponseType === type);
    if (!given) throw new Error(`${file} has no ${type}`);
    const headers = Object.entries(given.ResponseParameters).map(([parameter, value]): [string, string] => [
      parameter.replace("gatewayresponse.header.", ""),
      value.replace(/^'(.*)'$/, "$1"),
    ]);
    const body = given.ResponseTemplates["application/json"].replace("$context.requestId", randomUUID());
    const length = { "Content-Length": Buffer.byteLength(body) };
    response.writeHead(Number(given.StatusCode), { ...Object.fromEntries(headers), ...length }).end(body);
    return body;
  };
}
