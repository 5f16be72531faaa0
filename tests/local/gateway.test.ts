// Behaviour of API Gateway that the local API reproduces without calling a function.
import { readFileSync } from "node:fs";
import path from "node:path";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import type { ApiRequest } from "../support/api.ts";
import { overHttp } from "../support/over-http.ts";
import { routes } from "../support/routes.ts";
import { Project, type Service } from "./project.ts";
import { shop } from "./shop.ts";

const project = new Project();
let service: Service;
let send: ReturnType<typeof overHttp>;

beforeAll(async () => {
  service = await project.start();
  await service.line(/^Ready/);
  send = overHttp(`http://127.0.0.1:${service.httpPort}`);
});
afterAll(() => project.remove());

const unknownId = "297ac147-85cc-48bb-83e9-736077c22804";
const creation = JSON.stringify({ Name: "Fenerbahce vs Galatasaray", Allocation: 3 });
const create = (body: Buffer | string, headers: ApiRequest["headers"] = {}) =>
  send({ method: "POST", path: "/ticket_options", headers, body });

/** The status, the CORS headers, and the body without the request id. */
async function problem(request: ApiRequest) {
  const { status, headers, body } = await send(request);
  const { requestId, ...members } = JSON.parse(body);
  expect(requestId).toMatch(/^[0-9a-f-]{36}$/);
  const cors = Object.entries(headers).filter(([name]) => name.startsWith("access-control-"));
  return { status, type: headers["content-type"], cors: Object.fromEntries(cors), members };
}

const cors = {
  "access-control-allow-origin": "*",
  "access-control-expose-headers": expect.stringContaining("ETag, Location, Idempotency-Key"),
};
const problemOf = (status: number, name: string, title: string, detail: string, more = {}) => ({
  status,
  type: "application/problem+json",
  cors,
  members: { type: `urn:ticket-allocation:problem:${name}`, title, status, detail, ...more },
});
const noSuchRoute = problemOf(
  404,
  "no-such-route",
  "No such route",
  "there is no such path, or not with this method",
);
const unreadable = problemOf(
  400,
  "invalid-request",
  "The request is not valid",
  "the request cannot be read",
  { errors: [{ pointer: "#", detail: "cannot be read" }] },
);

describe("a route that is not deployed", () => {
  it.each([
    { what: "an unknown path", method: "GET", path: "/tickets" },
    { what: "an unknown method", method: "DELETE", path: `/ticket_options/${unknownId}` },
    {
      what: "PATCH of a purchase",
      method: "PATCH",
      path: `/ticket_options/${unknownId}/purchases/${unknownId}`,
    },
    {
      what: "GET of confirm",
      method: "GET",
      path: `/ticket_options/${unknownId}/purchases/${unknownId}/confirm`,
    },
    { what: "create with a trailing slash", method: "POST", path: "/ticket_options/" },
    { what: "a list with a trailing slash", method: "GET", path: "/ticket_options/?Limit=1" },
    { what: "get with a trailing slash", method: "GET", path: `/ticket_options/${unknownId}/` },
    { what: "a preflight to an unknown path", method: "OPTIONS", path: "/tickets" },
    { what: "a preflight with a trailing slash", method: "OPTIONS", path: "/ticket_options/" },
  ])("gets the problem no-such-route: $what", async ({ method, path }) => {
    expect(await problem({ method, path, headers: { Origin: "https://tickets.example.org" } })).toEqual(
      noSuchRoute,
    );
  });

  it("sells nothing for a path with a trailing slash", async () => {
    const id = await shop(service).create(3);
    const body = JSON.stringify({ Quantity: 1, UserID: unknownId });

    expect(await problem({ method: "POST", path: `/ticket_options/${id}/purchases/`, body })).toEqual(
      noSuchRoute,
    );
    expect(await shop(service).left(id)).toBe(3);
  });

  it("includes HEAD of a known path", async () => {
    const id = await shop(service).create(3);

    expect(await send({ method: "HEAD", path: `/ticket_options/${id}` })).toMatchObject({
      status: 404,
      headers: { "content-type": "application/problem+json" },
      body: "",
    });
  });
});

it("a path with a broken escape gets the problem invalid-request", async () => {
  expect(await problem({ method: "GET", path: "/ticket_options/%zz", headers: { A: ["1"] } })).toEqual(
    unreadable,
  );
});

describe("a CORS preflight", () => {
  const { custom } = parse(readFileSync(path.join(project.folder, "serverless.yml"), "utf8"), {
    logLevel: "error",
  });
  it.each(
    routes.map(({ method, resource }) => ({ method, path: resource.replaceAll(/\{\w+\}/g, unknownId) })),
  )(
    "of $method $path gets the CORS settings of serverless.yml, whatever it requests",
    async ({ method, path }) => {
      const { status, headers, body } = await send({
        method: "OPTIONS",
        path,
        headers: {
          Origin: "https://tickets.example.org",
          "Access-Control-Request-Method": "DELETE",
          "Access-Control-Request-Headers": "x-other",
        },
      });

      expect({ status, body, type: headers["content-type"] }).toEqual({
        status: 200,
        body: "",
        type: "application/json",
      });
      const granted = Object.entries(headers).filter(([name]) => name.startsWith("access-control-"));
      expect(Object.fromEntries(granted)).toEqual({
        "access-control-allow-origin": custom.cors.origin,
        "access-control-allow-headers": custom.cors.headers.join(","),
        "access-control-allow-methods": custom.cors.methods.join(","),
        "access-control-max-age": String(custom.cors.maxAge),
      });
      expect(custom.cors.methods).toContain(method);
    },
  );

  it("requires neither Origin nor Access-Control-Request-Method", async () => {
    expect((await send({ method: "OPTIONS", path: "/ticket_options" })).status).toBe(200);
  });

  it.each(["application/json; charset=utf-8", "application/x-www-form-urlencoded", "text/plain"])(
    "is accepted with the content type %s",
    async (type) => {
      const headers = { "Content-Type": type };
      expect((await send({ method: "OPTIONS", path: "/ticket_options", headers })).status).toBe(200);
    },
  );

  it("gets the problem invalid-request with another content type", async () => {
    const headers = { "Content-Type": "text/html" };
    expect(await problem({ method: "OPTIONS", path: "/ticket_options", headers })).toEqual(unreadable);
  });
});

it("a response is the same with Origin, Range and Accept-Encoding headers", async () => {
  const id = await shop(service).create(3);
  const request: ApiRequest = { method: "GET", path: `/ticket_options/${id}` };
  const { headers: plain, ...expected } = await send(request);

  const requestHeaders = {
    Origin: "https://tickets.example.org",
    Range: "bytes=0-3",
    "Accept-Encoding": "gzip",
  };
  const { headers, ...response } = await send({ ...request, headers: requestHeaders });

  expect(response).toEqual(expected);
  expect({ ...headers, date: plain.date }).toEqual(plain);
});

it("every route of serverless.yml reaches its function, with its path parameters", async () => {
  const id = await shop(service).create(3);
  const { body: hold } = await send({
    method: "POST",
    path: `/ticket_options/${id}/purchases`,
    body: JSON.stringify({ Quantity: 1, UserID: unknownId, HoldSeconds: 60 }),
  });
  const { ID: purchaseId } = JSON.parse(hold);
  const bodies: Record<string, object> = {
    create: { Name: "Derby", Allocation: 1 },
    purchase: { Quantity: 1, UserID: unknownId },
    cancel: { Sold: true }, // after confirm
  };

  for (const { method, resource, name } of routes) {
    const path = resource.replace("{id}", id).replace("{purchaseId}", purchaseId);
    const body = JSON.stringify(bodies[name] ?? {});
    const response = await send({ method, path, ...(method !== "GET" && name !== "confirm" && { body }) });
    expect(response.status, `${name}: ${response.body}`).toBe(200);
  }
});

describe("a query", () => {
  const list = async (query: string) => {
    const { status, body } = await send({ method: "GET", path: `/ticket_options${query}` });
    return { status, ...JSON.parse(body) };
  };

  it.each(["", "?", "?&", "?Limit=1", "?limit=1&Other=%zz", "?Limit=%31"])("%j is read", async (query) => {
    await shop(service).create(1);

    expect(await list(query)).toMatchObject({ status: 200, TicketOptions: expect.any(Array) });
  });

  it.each(["?Limit=1&Limit=2", "?Limit=1&Limit=1", "?Limit=1&limit=2", "?Limit", "?Limit=", "?After=1"])(
    "%j gets the problem invalid-request",
    async (query) => {
      expect(await list(query)).toMatchObject({
        status: 400,
        type: "urn:ticket-allocation:problem:invalid-request",
      });
    },
  );
});

describe("a request body", () => {
  it.each(["application/merge-patch+json", "application/json", "application/x-www-form-urlencoded", ""])(
    "of PATCH is read with the content type %j",
    async (type) => {
      const id = await shop(service).create(3);
      const body = JSON.stringify({ Capacity: 5 });
      const headers = type ? { "Content-Type": type } : {};

      const response = await send({ method: "PATCH", path: `/ticket_options/${id}`, headers, body });

      expect({ status: response.status, ...JSON.parse(response.body) }).toMatchObject({
        status: 200,
        Capacity: 5,
      });
    },
  );

  it.each(["identity", "gzip"])("may be empty, with Content-Encoding %s", async (coding) => {
    const id = await shop(service).create(3);
    const { body } = await shop(service).purchase(id, 1);
    const path = `/ticket_options/${id}/purchases/${JSON.parse(body).ID}/confirm`;
    const headers = { "Content-Encoding": coding, "Content-Type": "application/json" };

    expect((await send({ method: "POST", path, headers })).status).toBe(200);
  });

  it.each([
    { coding: "gzip", encode: gzipSync },
    { coding: "GZIP", encode: gzipSync },
    { coding: "deflate", encode: deflateSync },
    { coding: "identity", encode: (body: string) => Buffer.from(body) },
  ])("with Content-Encoding $coding is decoded before the function gets it", async ({ coding, encode }) => {
    const { status, body } = await create(encode(creation), { "Content-Encoding": coding });

    expect({ status, body: JSON.parse(body) }).toMatchObject({ status: 200, body: JSON.parse(creation) });
  });

  it.each([
    { what: "a coding that API Gateway does not support", coding: "br", body: brotliCompressSync(creation) },
    { what: "a coding that differs from the header", coding: "gzip", body: deflateSync(creation) },
    { what: "a truncated coding", coding: "gzip", body: gzipSync(creation).subarray(0, -9) },
    { what: 'the coding "constructor"', coding: "constructor", body: Buffer.from(creation) },
  ])("in $what gets the problem invalid-request", async ({ coding, body }) => {
    expect(
      await problem({
        method: "POST",
        path: "/ticket_options",
        headers: { "Content-Encoding": coding },
        body,
      }),
    ).toEqual(unreadable);
  });

  it.each([
    { what: "of more than 10 MB", body: Buffer.alloc(10 * 1024 * 1024 + 1, " ") },
    {
      what: "that is more than 10 MB once it is decompressed",
      body: gzipSync(Buffer.alloc(11 * 1024 * 1024)),
    },
  ])("$what gets the problem body-too-large", async ({ what, body }) => {
    const headers: ApiRequest["headers"] = what.includes("decompressed")
      ? { "Content-Encoding": "gzip" }
      : {};
    expect(await problem({ method: "POST", path: "/ticket_options", headers, body })).toEqual(
      problemOf(413, "body-too-large", "The body is too large", "a body holds at most 100000 bytes"),
    );
  });

  it("is accepted after Expect: 100-continue", async () => {
    const body = creation.padEnd(50_000);
    const headers = { Expect: ["100-continue"], "Content-Length": `${body.length}` };

    expect((await create(body, headers)).status).toBe(200);
  });

  it("that is a JSON string is not parsed twice", async () => {
    const { status, body } = await create(JSON.stringify(creation), { "Content-Type": "application/json" });

    expect({ status, type: JSON.parse(body).type }).toEqual({
      status: 400,
      type: "urn:ticket-allocation:problem:invalid-request",
    });
  });

  it.each(["multipart/form-data; boundary=x", "no media type;;", "application/x-www-form-urlencoded"])(
    "with the content type %j is read as JSON",
    async (type) => {
      expect((await create(creation, { "Content-Type": type })).status).toBe(200);
    },
  );
});

it("2,000 concurrent purchases all succeed, because the time of each begins when it leaves the queue", async () => {
  const { create: putOnSale, purchase, left } = shop(service);
  const each = 25; // so that all together take longer than the limit of one attempt
  const id = await putOnSale(2_000 * each);

  const responses = await Promise.all(Array.from({ length: 2_000 }, () => purchase(id, each)));

  expect(responses.filter(({ status }) => status !== 200)).toEqual([]);
  expect(await left(id)).toBe(0);
});
