// The event forms of a REST API that the functions accept, and the events of other sources that they reject.
import { describe, expect, it } from "vitest";
import type { GatewayOptions } from "../support/gateway-event.ts";
import { invokeWith, overHandlersWith, stagePath } from "../support/over-handlers.ts";
import { routes } from "../support/routes.ts";
import { sendRequest } from "./client.ts";
import {
  cancelledPurchase,
  changed,
  confirmedPurchase,
  created,
  gotten,
  noSuchRoute,
  purchased,
  shown,
  time,
} from "./expected.ts";
import {
  createTicketOption,
  hold,
  keyed,
  newKey,
  optionFields,
  type PurchaseList,
  purchaseFields,
  read,
  type TicketOptionList,
} from "./given.ts";

const subject = purchaseFields().UserID;

const gateways: [string, GatewayOptions][] = [
  ["without an API key", {}],
  ["with an API key", { apiKeyId: "k3y1d0n3aa" }],
  ["without headers", { withoutHeaders: true }],
  ["with a Cognito token", { claims: { sub: subject, token_use: "id", aud: "client" } }],
  [
    "with an IAM signature",
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

describe.each(gateways)("a REST API event %s", (_how, gateway) => {
  const send = overHandlersWith(gateway);
  const json = { "Content-Type": "application/json" };

  it.each([
    { form: "as text", encoded: (body: object) => JSON.stringify(body) },
    { form: "in base64", encoded: (body: object) => Buffer.from(JSON.stringify(body)) },
  ])("creates, reads and sells with its body $form", async ({ encoded }) => {
    const creation = {
      method: "POST",
      path: "/ticket_options",
      headers: json,
      body: encoded(optionFields()),
    };
    const first = await sendRequest(creation, send);
    const { ID } = first.body as { ID: string };

    const location = `${gateway.basePath ?? stagePath}/ticket_options/${ID}`;
    expect(first).toEqual({
      ...created(optionFields()),
      headers: { ...created(optionFields()).headers, location },
    });
    const path = `/ticket_options/${ID}`;
    expect(await sendRequest({ method: "GET", path }, send)).toEqual(gotten(optionFields()));
    const order = {
      method: "POST",
      path: `${path}/purchases`,
      headers: json,
      body: encoded(purchaseFields()),
    };
    expect(await sendRequest(order, send)).toEqual(purchased({ TicketOptionID: ID, ...purchaseFields() }));
  });

  it("changes, lists, reads, confirms and cancels", async () => {
    const option = await createTicketOption();
    const one = await hold(option, { UserID: subject });
    const [path, purchasePath] = [
      `/ticket_options/${option.ID}`,
      `/ticket_options/${option.ID}/purchases/${one.ID}`,
    ];

    const body = JSON.stringify({ Name: "Derby" });
    const expected = { ...option, Name: "Derby", Allocation: 8, Held: 2, UpdatedAt: time };
    expect(await sendRequest({ method: "PATCH", path, body }, send)).toEqual(changed(expected));
    const listing = { method: "GET", path: `${path}/purchases?UserID=${subject}&Limit=100` };
    expect(((await sendRequest(listing, send)).body as PurchaseList).Next).toMatch(/^[\w-]+$/);
    const options = await sendRequest({ method: "GET", path: "/ticket_options?Limit=2" }, send);
    expect((options.body as TicketOptionList).TicketOptions.length).toBe(2);
    expect(await sendRequest({ method: "GET", path: purchasePath }, send)).toEqual(shown(one));
    expect(await sendRequest({ method: "POST", path: `${purchasePath}/confirm` }, send)).toEqual(
      shown(confirmedPurchase(one)),
    );
    const cancel = { method: "POST", path: `${purchasePath}/cancel`, body: '{"Sold":true}' };
    expect(await sendRequest(cancel, send)).toEqual(shown(cancelledPurchase(one)));
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

it("a path with a trailing slash gets 404 if API Gateway calls a function for it", async () => {
  const option = await createTicketOption();
  const held = await hold(option);
  const before = await read(option);
  const path = `/ticket_options/${option.ID}`;
  for (const [method, route, body] of [
    ["POST", "/ticket_options", optionFields()],
    ["GET", "/ticket_options", undefined],
    ["GET", path, undefined],
    ["PATCH", path, { Name: "Derby" }],
    ["POST", `${path}/purchases`, purchaseFields()],
    ["GET", `${path}/purchases`, undefined],
    ["GET", `${path}/purchases/${held.ID}`, undefined],
    ["POST", `${path}/purchases/${held.ID}/confirm`, undefined],
    ["POST", `${path}/purchases/${held.ID}/cancel`, {}],
  ] as const) {
    const apiRequest = { method, path: route, ...(body && { body: JSON.stringify(body) }) };
    expect(await sendRequest(apiRequest, overHandlersWith({ trailingSlash: true }))).toEqual(noSuchRoute());
  }
  expect(await read(option)).toEqual(before);
});

describe("an event that is not a REST API request", () => {
  it.each([
    {
      kind: "from an HTTP API",
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
      kind: "from an HTTP API, format 1.0",
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
      kind: "from a function URL",
      event: {
        version: "2.0",
        rawPath: "/ticket_options",
        headers,
        requestContext: { ...context, domainName: "x.lambda-url.eu-west-1.on.aws", http },
        ...sent,
      },
    },
    {
      kind: "from a load balancer",
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
      kind: "from a load balancer with multi-value headers",
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
      kind: "from a WebSocket API",
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
    { kind: "from an S3 bucket", event: { Records: [{ eventSource: "aws:s3" }] } },
    { kind: "from the test button of the Lambda console", event: { key1: "value1" } },
    { kind: "null", event: null },
    { kind: "a string", event: "tickets" },
  ])("gets an internal error: $kind", async ({ event }) => {
    for (const { name } of routes) {
      const { status, headers: responseHeaders, body } = await invokeWith(event, name);

      expect({ status, type: responseHeaders["content-type"], ...JSON.parse(body) }, name).toEqual({
        status: 500,
        type: "urn:ticket-allocation:problem:internal-error",
        title: "Internal error",
        detail: "something unexpected went wrong",
        requestId: expect.stringMatching(/^.+$/),
      });
    }
  });

  it("sells nothing, even if it looks like a purchase with a key", async () => {
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

    expect((await invokeWith(event, "purchase")).status).toBe(500);
    expect(await read(option)).toEqual(option);
  });
});
