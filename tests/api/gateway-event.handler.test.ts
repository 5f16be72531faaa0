// The shapes in which requests really arrive, and the kinds of events that are none of this service's.
import { describe, expect, it } from "vitest";
import { ask } from "./client.ts";
import { created, gotten, noSuchRoute, purchased } from "./expected.ts";
import type { Passage } from "./gateway-event.ts";
import { createTicketOption, keyed, newKey, optionFields, purchaseFields, read } from "./given.ts";
import { invokeWith, overHandlersBy, stagePath } from "./over-handlers.ts";

const subject = purchaseFields().UserID;

const passages: [string, Passage][] = [
  ["without a key", {}],
  ["with an API key", { apiKeyId: "k3y1d0n3aa" }],
  ["without any header", { withoutHeaders: true }],
  ["with a token that Cognito gave", { claims: { sub: subject, token_use: "id", aud: "client" } }],
  [
    "with a signature that IAM checked",
    {
      caller: {
        accessKey: "ASIAEXAMPLE",
        accountId: "111122223333",
        user: "AIDAEXAMPLE:shop",
        userArn: "arn:aws:sts::111122223333:assumed-role/shop/shop",
      },
    },
  ],
  ["behind a custom domain with a base path", { basePath: "/shop" }],
];

describe.each(passages)("a request that comes %s", (_how, passage) => {
  const send = overHandlersBy(passage);
  const json = { "Content-Type": "application/json" };

  it.each([
    { form: "as text", encoded: (body: object) => JSON.stringify(body) },
    { form: "in base64", encoded: (body: object) => Buffer.from(JSON.stringify(body)) },
  ])("creates, reads and sells, its body $form", async ({ encoded }) => {
    const creation = {
      method: "POST",
      path: "/ticket_options",
      headers: json,
      body: encoded(optionFields()),
    };
    const first = await ask(creation, send);
    const { ID } = first.body as { ID: string };

    const location = `${passage.basePath ?? stagePath}/ticket_options/${ID}`;
    expect(first).toEqual({
      ...created(optionFields()),
      headers: { ...created(optionFields()).headers, location },
    });
    const path = `/ticket_options/${ID}`;
    expect(await ask({ method: "GET", path }, send)).toEqual(gotten(optionFields()));
    const order = {
      method: "POST",
      path: `${path}/purchases`,
      headers: json,
      body: encoded(purchaseFields()),
    };
    expect(await ask(order, send)).toEqual(purchased({ TicketOptionID: ID, ...purchaseFields() }));
  });
});

const http = {
  method: "POST",
  path: "/ticket_options",
  protocol: "HTTP/1.1",
  sourceIp: "203.0.113.7",
  userAgent: "",
};
const headers = { "content-type": "application/json", "idempotency-key": "7f0a6c1e-order-42" };
const sent = { body: JSON.stringify(optionFields()), isBase64Encoded: false };
const context = {
  accountId: "111122223333",
  apiId: "a1b2c3d4e5",
  stage: "$default",
  requestId: "id-of-the-request",
};

it("a path with a slash too many is no route, should API Gateway call a function for it", async () => {
  const option = await createTicketOption();
  for (const [method, path, body] of [
    ["POST", "/ticket_options/", optionFields()],
    ["GET", `/ticket_options/${option.ID}/`, undefined],
    ["POST", `/ticket_options/${option.ID}/purchases/`, purchaseFields()],
  ] as const) {
    const wanted = { method, path: path.slice(0, -1), ...(body && { body: JSON.stringify(body) }) };
    expect(await ask(wanted, overHandlersBy({ trailingSlash: true }))).toEqual(noSuchRoute());
  }
  expect(await read(option)).toEqual(option);
});

describe("an event that is no request of a REST API", () => {
  it.each([
    {
      kind: "of an HTTP API",
      event: {
        version: "2.0",
        routeKey: "POST /ticket_options",
        rawPath: "/ticket_options",
        rawQueryString: "",
        headers,
        requestContext: { ...context, http, routeKey: "POST /ticket_options", timeEpoch: 0 },
        ...sent,
      },
    },
    {
      kind: "of an HTTP API in the format 1.0",
      event: {
        version: "1.0",
        resource: "/ticket_options",
        path: "/ticket_options",
        httpMethod: "POST",
        headers,
        multiValueHeaders: { "idempotency-key": [headers["idempotency-key"]] },
        requestContext: {
          ...context,
          identity: { sourceIp: "203.0.113.7" },
          resourcePath: "/ticket_options",
        },
        ...sent,
      },
    },
    {
      kind: "of a function URL",
      event: {
        version: "2.0",
        rawPath: "/ticket_options",
        headers,
        requestContext: { ...context, domainName: "x.lambda-url.eu-west-1.on.aws", http },
        ...sent,
      },
    },
    {
      kind: "of a load balancer",
      event: {
        requestContext: {
          elb: { targetGroupArn: "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/a/b" },
        },
        httpMethod: "POST",
        path: "/ticket_options",
        queryStringParameters: {},
        headers,
        ...sent,
      },
    },
    {
      kind: "of a load balancer with several values to a header",
      event: {
        requestContext: {
          elb: { targetGroupArn: "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/a/b" },
        },
        httpMethod: "POST",
        path: "/ticket_options",
        multiValueHeaders: { "idempotency-key": [headers["idempotency-key"]] },
        ...sent,
      },
    },
    {
      kind: "of a WebSocket API",
      event: {
        headers,
        multiValueHeaders: { "idempotency-key": [headers["idempotency-key"]] },
        requestContext: {
          ...context,
          routeKey: "$connect",
          eventType: "CONNECT",
          connectionId: "c0nnection=",
          identity: { sourceIp: "203.0.113.7" },
        },
        isBase64Encoded: false,
      },
    },
    { kind: "of a bucket", event: { Records: [{ eventSource: "aws:s3" }] } },
    { kind: "of a test in Lambda's console", event: { key1: "value1" } },
    { kind: "null", event: null },
    { kind: "a text", event: "tickets" },
  ])("is rejected, $kind", async ({ event }) => {
    for (const method of ["POST", "GET"]) {
      const { status, headers: given, body } = await invokeWith(event, method);

      expect({ status, type: given["content-type"], ...JSON.parse(body) }).toEqual({
        status: 500,
        type: "urn:ticket-allocation:problem:internal-error",
        title: "Internal error",
        detail: "something unexpected went wrong",
        requestId: expect.stringMatching(/^.+$/),
      });
    }
  });

  it("is rejected also where it is a purchase with a key, of which nothing is sold", async () => {
    const option = await createTicketOption();
    const path = `/ticket_options/${option.ID}/purchases`;
    const event = {
      version: "2.0",
      rawPath: path,
      headers: keyed(newKey()),
      pathParameters: { id: option.ID },
      requestContext: { ...context, http: { ...http, path } },
      body: JSON.stringify(purchaseFields()),
      isBase64Encoded: false,
    };

    expect((await invokeWith(event, "POST")).status).toBe(500);
    expect(await read(option)).toEqual(option);
  });
});
