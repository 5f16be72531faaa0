// The lines that a run prints, from its start to its last request.
import { once } from "node:events";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import path from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { ApiRequest } from "../support/api.ts";
import { overHttp } from "../support/over-http.ts";
import { Project, type Service } from "./project.ts";
import { shop } from "./shop.ts";

const project = new Project();
let service: Service;
let start: string[];
let send: ReturnType<typeof overHttp>;

beforeAll(async () => {
  service = await project.start();
  await service.line(/^Ctrl-C ends it all/);
  start = service.lines.filter(Boolean);
  send = overHttp(`http://127.0.0.1:${service.httpPort}`);
});
afterAll(() => project.remove());

const uuid = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}";
const user = "406c1d05-bbb2-4e94-b183-7d208c2692e1";
const unknownId = "297ac147-85cc-48bb-83e9-736077c22804";
const json = (body: object) => JSON.stringify(body);
const creation = json({ Name: "Fenerbahce vs Galatasaray", Allocation: 3 });
const order = (quantity: number) => json({ Quantity: quantity, UserID: user });
const purchases = (id: string) => `/ticket_options/${id}/purchases`;
const printedFrom = (from: number) => service.lines.slice(from).filter(Boolean);

/** Matches a whole line with these exact texts, except for the placeholders `TIME`, `MS` and `UUID`. */
function line(...parts: (string | number)[]) {
  const literal = parts.join("  ").replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const pattern = literal
    .replace("TIME", "\\d\\d:\\d\\d:\\d\\d")
    .replace("MS", "\\d+ ms")
    .replaceAll("UUID", uuid);
  return expect.stringMatching(new RegExp(`^${pattern}$`));
}

/** Sends a request and returns the lines that are printed up to its own line. */
async function printedFor(request: ApiRequest): Promise<string[]> {
  const from = service.lines.length;
  await send(request);
  await service.line(/^\d\d:/, from);
  return printedFrom(from);
}

it("npm run dev prints what it starts, where the data is, and how to use it", () => {
  const url = `http://localhost:${service.httpPort}`;
  expect(start).toEqual([
    expect.stringMatching(/^> ticket-allocation@\S+ dev$/),
    expect.stringMatching(/^> .*serverless offline --httpPort \d+ --lambdaPort \d+$/),
    expect.stringMatching(/^Starting PostgreSQL, with its data in \/.*\/(postgres|server)$/),
    "Starting the Data API emulator",
    "Applying migrations",
    "  applied 0001_tickets",
    "  applied 0002_idempotency",
    "  applied 0003_functions_role",
    "  applied 0004_stripes",
    "  applied 0005_stripe_count",
    "  applied 0006_fill_stripe_count",
    "  applied 0007_rules_and_holds",
    "  applied 0008_validate_purchase_checks",
    "  applied 0009_feed_index",
    "  applied 0010_hold_and_user_indexes",
    "  applied 0011_stripe_comment",
    "Bundling the functions",
    "Starting serverless-offline",
    "Ready. Replace ID with the ID in the first response:",
    `  curl -d '{"Name":"Fenerbahce vs Galatasaray","Allocation":10000}' ${url}/ticket_options`,
    `  curl ${url}/ticket_options/ID`,
    `  curl -d '{"Quantity":2,"UserID":"${user}"}' ${url}/ticket_options/ID/purchases`,
    "Ctrl-C ends it all; the data stays until `npm run db:reset`.",
  ]);
});

describe("the line of a request", () => {
  it("states what was created, and whether it is a replay", async () => {
    const request: ApiRequest = {
      method: "POST",
      path: "/ticket_options",
      headers: { "Idempotency-Key": crypto.randomUUID() },
      body: creation,
    };

    const what = "created UUID with 3 tickets";
    const start = ["TIME", "POST /ticket_options", 200, "MS"];
    expect(await printedFor(request)).toEqual([line(...start, what, "request UUID")]);
    expect(await printedFor(request)).toEqual([line(...start, `replayed: ${what}`, "request UUID")]);
  });

  it("states what is available, or that the option is not modified", async () => {
    const id = await shop(service).create(3);
    const path = `/ticket_options/${id}`;
    const { headers } = await shop(service).get(id);
    const start = ["TIME", `GET  ${path}`];
    await service.line(new RegExp(`GET  ${path}`));

    expect(await printedFor({ method: "GET", path })).toEqual([
      line(...start, 200, "MS", "3 of 3 available", "request UUID"),
    ]);
    expect(
      await printedFor({ method: "GET", path, headers: { "If-None-Match": String(headers.etag) } }),
    ).toEqual([line(...start, 304, "MS", "not modified", "request UUID")]);
  });

  it("states what was sold or why it was refused, without user and key", async () => {
    const id = await shop(service).create(3);
    await service.line(new RegExp(`created ${id}`));
    const path = purchases(id);
    const key = { "Idempotency-Key": crypto.randomUUID() };
    const buy = (quantity: number, headers = {}) =>
      printedFor({ method: "POST", path, headers, body: order(quantity) });
    const printed = (status: number, text: string) => [
      line("TIME", `POST ${path}`, status, "MS", text, "request UUID"),
    ];

    expect(await buy(2)).toEqual(printed(200, "sold 2"));
    expect(await buy(2)).toEqual(printed(409, "refused: 2 requested, 1 available"));
    expect(await buy(1, key)).toEqual(printed(200, "sold 1"));
    expect(await buy(1, key)).toEqual(printed(200, "replayed: sold 1"));
    expect(await buy(2, key)).toEqual(
      printed(422, "this Idempotency-Key was used for another request; choose a new one for each"),
    );
  });

  describe("of the life of a purchase", () => {
    const sale = async (more = {}) => {
      const body = json({ Name: "Fenerbahce vs Galatasaray", Allocation: 9, ...more });
      const from = service.lines.length;
      const created = JSON.parse((await send({ method: "POST", path: "/ticket_options", body })).body);
      await service.line(new RegExp(`created ${created.ID}`), from);
      return String(created.ID);
    };
    const buy = async (id: string, more = {}) => {
      const from = service.lines.length;
      const body = json({ Quantity: 2, UserID: user, ...more });
      const response = await send({ method: "POST", path: purchases(id), body });
      const printed = await service.line(/^\d\d:/, from);
      return { printed, purchase: JSON.parse(response.body) };
    };
    const printed = (method: string, path: string, status: number, text: string) =>
      line("TIME", `${method.padEnd(4)} ${path}`, status, "MS", text, "request UUID");
    const clock = (time: string) => new Date(time).toTimeString().slice(0, 8);

    it("states until when tickets are held, that they were confirmed, and that they were cancelled", async () => {
      const id = await sale();
      const { printed: line, purchase } = await buy(id, { HoldSeconds: 60 });
      const until = `until ${clock(purchase.ExpiresAt)}`;
      expect(line).toEqual(printed("POST", purchases(id), 200, `held 2 ${until}`));

      const own = `${purchases(id)}/${purchase.ID}`;
      const get = () => printedFor({ method: "GET", path: own });
      const post = (action: string, body?: string) =>
        printedFor({ method: "POST", path: `${own}/${action}`, ...(body && { body }) });
      expect(await get()).toEqual([printed("GET", own, 200, `2 held ${until}`)]);
      expect(await post("confirm")).toEqual([printed("POST", `${own}/confirm`, 200, "confirmed: sold 2")]);
      expect(await get()).toEqual([printed("GET", own, 200, "2 sold")]);
      const isSold = 'refused: the purchase is sold; to cancel it and void its tickets, send {"Sold": true}';
      expect(await post("cancel")).toEqual([printed("POST", `${own}/cancel`, 409, isSold)]);
      const cancelled = [printed("POST", `${own}/cancel`, 200, "cancelled 2")];
      expect(await post("cancel", json({ Sold: true }))).toEqual(cancelled);
      expect(await get()).toEqual([printed("GET", own, 200, "2 cancelled")]);
      const isCancelled =
        "refused: the purchase was cancelled, or its hold lapsed and its tickets went to somebody else";
      expect(await post("confirm")).toEqual([printed("POST", `${own}/confirm`, 409, isCancelled)]);
    });

    it("states when a hold has lapsed, also of a replay", async () => {
      const id = await sale();
      const headers = { "Idempotency-Key": crypto.randomUUID() };
      const body = json({ Quantity: 2, UserID: user, HoldSeconds: 1 });
      const hold: ApiRequest = { method: "POST", path: purchases(id), headers, body };
      const from = service.lines.length;
      const held = JSON.parse((await send(hold)).body);
      await service.line(/held 2 until/, from);
      const own = `${purchases(id)}/${held.ID}`;

      await expect
        .poll(async () => JSON.parse((await send({ method: "GET", path: own })).body).Status, {
          timeout: 30_000,
        })
        .toBe("lapsed");
      const at = clock(held.ExpiresAt);
      await service.line(new RegExp(`GET  ${own}  200  \\d+ ms  2 lapsed at ${at}  request`), from);
      expect(await printedFor(hold)).toEqual([
        printed("POST", purchases(id), 200, `replayed: lapsed 2 at ${at}`),
      ]);
    });

    it("states what is held, what a change leaves, and how many tickets are in use", async () => {
      const id = await sale();
      const path = `/ticket_options/${id}`;
      await buy(id, { HoldSeconds: 60 });
      const patch = (change: object) => printedFor({ method: "PATCH", path, body: json(change) });

      expect(await printedFor({ method: "GET", path })).toEqual([
        printed("GET", path, 200, "7 of 9 available, 2 held"),
      ]);
      expect(await patch({ Capacity: 12 })).toEqual([
        printed("PATCH", path, 200, "changed: 10 of 12 available, 2 held"),
      ]);
      expect(await patch({ Capacity: 1 })).toEqual([
        printed("PATCH", path, 409, "refused: 2 tickets are sold or held, so the capacity cannot be less"),
      ]);
    });

    it("states the number of purchases and options in a list, without the query", async () => {
      const id = await sale();
      const list = (path: string, query: string) => printedFor({ method: "GET", path: `${path}?${query}` });

      expect(await list(purchases(id), "Limit=9")).toEqual([
        printed("GET", purchases(id), 200, "0 purchases"),
      ]);
      await buy(id);
      expect(await list(purchases(id), `UserID=${user}`)).toEqual([
        printed("GET", purchases(id), 200, "1 purchase"),
      ]);
      await sale();
      expect(await list("/ticket_options", "Limit=2")).toEqual([
        printed("GET", "/ticket_options", 200, "2 options"),
      ]);
      expect(await list("/ticket_options", "Limit=1")).toEqual([
        printed("GET", "/ticket_options", 200, "1 option"),
      ]);
      expect(await list("/ticket_options", "Limit=1&limit=2")).toEqual([
        printed("GET", "/ticket_options", 400, "Limit must be given only once"),
      ]);
    });

    it.each([
      {
        what: "the start of the sale",
        rules: { SaleStartsAt: "2999-01-05T17:41:08Z" },
        text: `the sale starts at ${new Date("2999-01-05T17:41:08Z").toLocaleString("sv")}`,
      },
      {
        what: "the end of the sale",
        rules: { SaleStartsAt: "2022-01-05T17:41:08Z", SaleEndsAt: "2022-01-06T17:41:08Z" },
        text: `the sale ended at ${new Date("2022-01-06T17:41:08Z").toLocaleString("sv")}`,
      },
      {
        what: "the limit of a purchase",
        rules: { MaxPerPurchase: 1 },
        text: "over the limit of 1 for one purchase",
      },
      {
        what: "the limit of a user",
        rules: { MaxPerUser: 1 },
        text: "over the limit of 1 for one user, who has 0",
      },
    ])("states $what that refused a purchase", async ({ rules, text }) => {
      const id = await sale(rules);

      expect((await buy(id)).printed).toEqual(printed("POST", purchases(id), 409, `refused: ${text}`));
    });
  });

  it.each([
    {
      what: "every invalid field",
      method: "POST",
      path: purchases(unknownId),
      body: json({ Quantity: 0 }),
      printed: [400, "MS", "Quantity must be an integer from 1 to 2147483647; UserID is required"],
    },
    {
      what: "an unknown option",
      method: "GET",
      path: `/ticket_options/${unknownId}`,
      printed: [404, "MS", "there is no ticket option with this id"],
    },
    {
      what: "a body that is too large for the function",
      method: "POST",
      path: "/ticket_options",
      body: creation.padEnd(100_001),
      printed: [413, "MS", "a body holds at most 100000 bytes"],
    },
    {
      what: "a body that is too large to reach a function",
      method: "POST",
      path: "/ticket_options",
      body: " ".repeat(10 * 1024 * 1024 + 1),
      printed: [413, "MS", "a body holds at most 100000 bytes"],
    },
    {
      what: "an unknown path, without its query",
      method: "GET",
      path: "/tickets?token=secret",
      shown: "/tickets",
      printed: [404, "MS", "there is no such path, or not with this method"],
    },
    {
      what: "an unknown method",
      method: "DELETE",
      path: "/ticket_options",
      printed: [404, "MS", "there is no such path, or not with this method"],
    },
    {
      what: "the beginning of a very long path",
      method: "GET",
      path: `/${"a".repeat(5_000)}`,
      shown: `/${"a".repeat(119)}…`,
      printed: [404, "MS", "there is no such path, or not with this method"],
    },
    {
      what: "a path with a broken escape",
      method: "GET",
      path: "/ticket_options/%zz",
      printed: [400, "MS", "the request cannot be read"],
    },
  ])("states $what", async ({ method, path, shown = path, body, printed }) => {
    expect(await printedFor({ method, path, ...(body && { body }) })).toEqual([
      line("TIME", `${method.padEnd(4)} ${shown}`, ...printed, "request UUID"),
    ]);
  });

  it("has the request id of the problem that the client gets", async () => {
    const from = service.lines.length;
    const { body } = await send({ method: "GET", path: "/tickets" });

    expect(await service.line(/^\d\d:/, from)).toContain(`request ${JSON.parse(body).requestId}`);
  });

  it("is printed for a preflight, which has no request id", async () => {
    expect(await printedFor({ method: "OPTIONS", path: "/ticket_options" })).toEqual([
      line("TIME", "OPTIONS /ticket_options", 200, "MS", "preflight"),
    ]);
  });

  it("is printed for bytes that are not HTTP, such as those of an https:// URL", async () => {
    const from = service.lines.length;
    (await connection()).write(Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01]));

    await service.line(/^\d\d:/, from);
    expect(printedFrom(from)).toEqual([
      line("TIME", "not HTTP", 400, "Parse Error: Invalid method encountered"),
    ]);
  });

  it("is printed with the error for a body with a broken chunk", async () => {
    const from = service.lines.length;
    (await connection()).write(
      "POST /ticket_options HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    );

    await service.line(/^\d\d:/, from);
    expect(printedFrom(from)).toEqual([
      line("TIME", "POST /ticket_options", 400, "MS", "Parse Error: Invalid character in chunk size"),
    ]);
  });

  it("states what was sold to a client that disconnected before the response", async () => {
    const id = await shop(service).create(3);
    await service.line(new RegExp(`created ${id}`));
    const database = new pg.Client({ connectionString: project.databaseUrl() });
    onTestFinished(() => database.end());
    await database.connect();
    await database.query("begin");
    await database.query("select from ticket_option_stripes where ticket_option_id = $1 for update", [id]);
    const from = service.lines.length;
    const client = await connection();
    const body = order(2);

    client.write(
      `POST ${purchases(id)} HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    const waiting = "select from pg_stat_activity where wait_event_type = 'Lock'";
    await expect
      .poll(async () => (await database.query(waiting)).rowCount, { timeout: 30_000, interval: 10 })
      .toBe(1);
    client.destroy();
    await database.query("commit");

    await service.line(/^\d\d:/, from);
    expect(printedFrom(from)).toEqual([
      line("TIME", `POST ${purchases(id)}`, "---", "MS", "sold 2", "the client disconnected", "request UUID"),
    ]);
  });
});

it("300 concurrent requests are printed as 300 whole lines", async () => {
  const id = await shop(service).create(200);
  await service.line(new RegExp(`created ${id}`));
  const from = service.lines.length;

  const { purchase } = shop(service);
  await Promise.all(Array.from({ length: 300 }, () => purchase(id, 1)));

  await expect.poll(() => printedFrom(from).length, { timeout: 30_000 }).toBe(300);
  const start = ["TIME", `POST ${purchases(id)}`];
  const sold = line(...start, 200, "MS", "sold 1", "request UUID");
  const refused = line(...start, 409, "MS", "refused: 1 requested, 0 available", "request UUID");
  expect(
    printedFrom(from).sort(
      (one, other) => Number(/ {2}409 {2}/.test(one)) - Number(/ {2}409 {2}/.test(other)),
    ),
  ).toEqual([...Array(200).fill(sold), ...Array(100).fill(refused)]);
});

it("an error is printed with its cause after the line of its request", async () => {
  const file = path.join(project.folder, "functions/get.ts");
  const code = readFileSync(file, "utf8");
  const edit = async (edited: string) => {
    const from = service.lines.length;
    writeFileSync(`${file}.new`, edited);
    renameSync(`${file}.new`, file);
    await service.line(/^Reloaded the functions$/, from);
  };
  onTestFinished(() => edit(code));
  await edit(
    code.replace(
      "throw ticketOptionNotFound()",
      `{
        console.log('{"mine": 1}');
        throw new Error("no tickets today", { cause: Object.assign(new TypeError("rain"), { millimetres: 9 }) });
      }`,
    ),
  );

  const from = service.lines.length;
  await send({ method: "GET", path: `/ticket_options/${unknownId}` });

  await service.line(/millimetres: /, from);
  const shown = printedFrom(from).filter((text) => !/^ {8}at (?!.*\/get\.ts)/.test(text));
  expect(shown).toEqual([
    '{"mine": 1}',
    line(
      "TIME",
      `GET  /ticket_options/${unknownId}`,
      500,
      "MS",
      "something unexpected went wrong",
      "request UUID",
    ),
    "    Error: no tickets today",
    expect.stringMatching(/^ {8}at .*\/functions\/get\.ts:\d+:\d+\)$/),
    "    caused by TypeError: rain",
    expect.stringMatching(/^ {8}at .*\/functions\/get\.ts:\d+:\d+\)$/),
    "      millimetres: 9",
  ]);
});

/** Opens a connection to the service that ends with the test. */
async function connection(): Promise<Socket> {
  const socket = connect(service.httpPort, "127.0.0.1").on("error", () => {});
  onTestFinished(() => void socket.destroy());
  await once(socket, "connect");
  return socket;
}
