// Of AWS (and of LocalStack) what `serverless deploy` and `serverless remove` call, and the API that was deployed.
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type ApiGateway, apiGateway } from "./api-gateway.ts";
import { CloudFormation, Refused } from "./cloudformation-stub.ts";
import { Lambda, ownRuntime } from "./lambda.ts";
import { S3 } from "./s3-stub.ts";

const region = "eu-west-1";

export class AwsStub {
  /** What was called, as `CloudFormation DescribeStacks` or `S3 PUT /bucket/key`. */
  readonly calls: string[] = [];
  readonly s3 = new S3();
  readonly cloudFormation = new CloudFormation(this.s3, region);
  readonly #server = createServer((request, response) => void this.#answer(request, response));
  readonly #apis = new Map<string, ApiGateway>();

  static async start(port = 0): Promise<AwsStub> {
    const stub = new AwsStub();
    stub.#server.listen(port, "127.0.0.1");
    await once(stub.#server, "listening");
    return stub;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    for (const api of this.#apis.values()) await api.close();
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { url = "", method = "" } = request;
    try {
      const [, apiId, stage, rest] = /^\/_aws\/execute-api\/([^/]+)\/([^/?]+)(.*)$/.exec(url) ?? [];
      if (apiId && stage) return await (await this.#api(apiId, stage)).answer(request, rest || "/", response);
      if (url === "/_localstack/health") return void response.end("{}");

      const body = await bytes(request);
      const action = new URLSearchParams(body.toString("latin1")).get("Action");
      response.setHeader("content-type", "text/xml");
      if (url === "/" && action === "GetCallerIdentity") {
        this.calls.push("STS GetCallerIdentity");
        const result = "<Account>000000000000</Account><Arn>arn:aws:iam::000000000000:root</Arn>";
        response.end(answerOf(action, result));
      } else if (url === "/" && action) {
        this.calls.push(`CloudFormation ${action}`);
        response.end(answerOf(action, this.cloudFormation.call(new URLSearchParams(body.toString()))));
      } else if (url === "/") {
        throw new Error("as of LocalStack, of which there is no such service");
      } else if (url.startsWith("/2015-03-31/functions/")) {
        this.calls.push(`Lambda ${method} ${url}`);
        response.writeHead(404, { "x-amzn-errortype": "ResourceNotFoundException" }).end("{}");
      } else {
        this.calls.push(`S3 ${method} ${url}`);
        this.s3.answer(request, body, response);
      }
    } catch (error) {
      const code = error instanceof Refused ? "ValidationError" : "InternalFailure";
      response.statusCode = error instanceof Refused ? 400 : 501;
      response.end(
        `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${error}</Message></Error></ErrorResponse>`,
      );
    }
  }

  /** Its functions run what was uploaded, in the environment of the template. */
  async #api(apiId: string, stage: string): Promise<ApiGateway> {
    const stack = this.cloudFormation.stackOf(apiId, stage);
    const api =
      this.#apis.get(stack.id) ??
      apiGateway(stack.template, stage, ({ Code, Handler, Environment }) =>
        Lambda.of({
          zip: this.s3.object(String(Code.S3Bucket), String(Code.S3Key)),
          handler: Handler,
          environment: { ...credentials, ...Environment.Variables },
          runtime: ownRuntime,
        }),
      );
    this.#apis.set(stack.id, api);
    return api;
  }
}

/** As Lambda gives them to functions. */
export const credentials = {
  AWS_REGION: region,
  AWS_ACCESS_KEY_ID: "test",
  AWS_SECRET_ACCESS_KEY: "test",
};

function answerOf(action: string, result: string): string {
  return `<${action}Response><${action}Result>${result}</${action}Result></${action}Response>`;
}

async function bytes(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}
