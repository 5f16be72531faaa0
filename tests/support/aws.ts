import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

/** A request that a stub server received. */
export interface Sent {
  method: string;
  url: string;
  type: string | undefined;
  body: string;
  /** The region of its AWS signature, if it has one. */
  region?: string | undefined;
}

/** A server on loopback that gives every request the same response and records the requests. */
export async function stubServer(
  type: string,
  responseBody: string,
  status = 200,
): Promise<{ url: string; sent: Sent[] }> {
  const sent: Sent[] = [];
  const server = createServer(async (request, response) => {
    const { method = "", url = "", headers } = request;
    const [, region] = /\/([\w-]+)\/\w+\/aws4_request/.exec(headers.authorization ?? "") ?? [];
    sent.push({ method, url, type: headers["content-type"], body: await text(request), region });
    response.writeHead(status, { "Content-Type": type }).end(responseBody);
  });
  server.listen(0, "127.0.0.1").unref();
  await once(server, "listening");
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, sent };
}

/** A stub of CloudFormation with one stack that has these outputs. */
export function cloudFormation(outputs: Record<string, string>) {
  const members = Object.entries(outputs).map(
    ([key, value]) => `<member><OutputKey>${key}</OutputKey><OutputValue>${value}</OutputValue></member>`,
  );
  return stubServer(
    "text/xml",
    `<DescribeStacksResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><DescribeStacksResult><Stacks>
      <member><StackName>stack</StackName><CreationTime>2026-01-01T00:00:00Z</CreationTime>
        <StackStatus>UPDATE_COMPLETE</StackStatus><Outputs>${members.join("")}</Outputs></member>
    </Stacks></DescribeStacksResult></DescribeStacksResponse>`,
  );
}

/** A stub of Secrets Manager with one secret. */
export function secretsManager(secret: string) {
  return stubServer("application/x-amz-json-1.1", JSON.stringify({ SecretString: secret }));
}
