// Access checks in the functions: API Gateway accepts the key of any usage plan on every route.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { GatewayOptions } from "../support/gateway-event.ts";

const USER = "406c1d05-bbb2-4e94-b183-7d208c2692e1";
const ANOTHER = "017f22e2-79b0-7cc3-98c4-dc0c0c07398f";
const [ORGANISER, SHOP, SHOP_NEXT] = ["0rganiser1", "sh0p000001", "sh0p000002"];

beforeEach(() => vi.resetModules());
afterEach(() => vi.unstubAllEnvs());

const forbidden = {
  type: "urn:ticket-allocation:problem:forbidden",
  title: "Forbidden",
  status: 403,
  detail: expect.stringMatching(/^.+$/),
  requestId: expect.any(String),
};

/** Calls a function that was started with `environment`, with events as `gateway` describes them. */
async function call(
  environment: Record<string, string>,
  gateway: GatewayOptions,
  path: string,
  body: object | undefined,
) {
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  vi.resetModules();
  const { overHandlersWith } = await import("../support/over-handlers.ts");
  const method = body ? "POST" : "GET";
  const response = await overHandlersWith(gateway)({
    method,
    path,
    ...(body && { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: JSON.parse(response.body) };
}

const organisers = { ACCESS: "key", API_KEY_IDS: ORGANISER };
const shops = { ACCESS: "key", API_KEY_IDS: `${SHOP},${SHOP_NEXT}` };

const create = (environment: Record<string, string>, gateway: GatewayOptions) =>
  call(environment, gateway, "/ticket_options", { Name: "Derby", Allocation: 10 });
const purchase = (environment: Record<string, string>, gateway: GatewayOptions, id: string, UserID = USER) =>
  call(environment, gateway, `/ticket_options/${id}/purchases`, { Quantity: 1, UserID });
const get = (gateway: GatewayOptions, id: string) => call({}, gateway, `/ticket_options/${id}`, undefined);

describe("API keys of organisers and shops", () => {
  it("each permit only their own route", async () => {
    const { body: option } = await create(organisers, { apiKeyId: ORGANISER });

    for (const apiKeyId of [SHOP, SHOP_NEXT, "unkn0wn001", ""])
      expect(await create(organisers, { apiKeyId })).toEqual({ status: 403, body: forbidden });
    for (const apiKeyId of [ORGANISER, "unkn0wn001", ""])
      expect(await purchase(shops, { apiKeyId }, option.ID)).toEqual({ status: 403, body: forbidden });
    expect(await create(organisers, {})).toEqual({ status: 403, body: forbidden });
    expect(await purchase(shops, {}, option.ID)).toEqual({ status: 403, body: forbidden });
    expect((await get({}, option.ID)).body.Allocation).toBe(10);

    expect((await purchase(shops, { apiKeyId: SHOP }, option.ID)).status).toBe(200);
    expect((await purchase(shops, { apiKeyId: SHOP_NEXT }, option.ID)).status).toBe(200);
    expect((await get({ apiKeyId: ORGANISER }, option.ID)).body.Allocation).toBe(8);
  });

  it("are checked before anything else in a request", async () => {
    const path = "/ticket_options/derby/purchases";

    expect(await call(shops, { apiKeyId: ORGANISER }, path, { Quantity: 0 })).toMatchObject({ status: 403 });
    expect(await call(shops, { apiKeyId: SHOP }, path, { Quantity: 0 })).toMatchObject({ status: 404 });
  });
});

describe("buyers with a Cognito token", () => {
  const cognito = { ACCESS: "cognito" };
  const token = (sub: string) => ({ claims: { sub, token_use: "id" } });

  it("may buy only for themselves", async () => {
    const { body: option } = await create({ ACCESS: "open" }, {});

    expect(await purchase(cognito, token(ANOTHER), option.ID)).toEqual({ status: 403, body: forbidden });
    expect(await purchase(cognito, token(""), option.ID)).toEqual({ status: 403, body: forbidden });
    expect(await purchase(cognito, {}, option.ID)).toEqual({ status: 403, body: forbidden });
    expect((await get({}, option.ID)).body.Allocation).toBe(10);

    expect((await purchase(cognito, token(USER), option.ID)).status).toBe(200);
    expect((await purchase(cognito, token(USER), option.ID, USER.toUpperCase())).status).toBe(200);
  });
});

describe("callers with an IAM signature", () => {
  it("may buy for any UserID, as a shop may", async () => {
    const caller = { accessKey: "ASIAEXAMPLE", accountId: "111122223333", user: "shop", userArn: "arn:shop" };
    const { body: option } = await create({ ACCESS: "iam" }, { caller });

    for (const user of [USER, ANOTHER])
      expect((await purchase({ ACCESS: "iam" }, { caller }, option.ID, user)).status).toBe(200);
  });
});

describe("a function without a valid access configuration", () => {
  it.each([
    [{ ACCESS: "" }, "environment variable ACCESS is not set"],
    [{ ACCESS: "public" }, "environment variable ACCESS is not open, iam, cognito or key"],
    [{ ACCESS: "key", API_KEY_IDS: "" }, "environment variable API_KEY_IDS is not set"],
    [{ RETRY_KEY_SECRET: "" }, "environment variable RETRY_KEY_SECRET is not set"],
  ])("does not start: %o", async (environment, message) => {
    for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);

    await expect(import("../../functions/purchase.ts")).rejects.toThrow(message);
    vi.resetModules();
    await expect(import("../../functions/create.ts")).rejects.toThrow(message);
  });
});

describe("the Location of a new option", () => {
  it.each([
    ["/", {}, ""],
    ["/shop", {}, "/shop"],
    ["/shop/", { basePath: "/internal" }, "/shop"],
    [undefined, { basePath: "/shop" }, "/shop"],
    [undefined, {}, "/test"],
  ])("starts with the public base path %s", async (base, gateway, prefix) => {
    vi.stubEnv("PUBLIC_BASE_PATH", base);
    const { overHandlersWith } = await import("../support/over-handlers.ts");
    const body = JSON.stringify({ Name: "Derby", Allocation: 1 });

    const response = await overHandlersWith(gateway)({ method: "POST", path: "/ticket_options", body });

    expect(response.headers.location).toBe(`${prefix}/ticket_options/${JSON.parse(response.body).ID}`);
  });
});
