// `npm run test:docs`: the reference page in a browser, against a local run.
import path from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { at, operations } from "../../tests/support/specification.ts";
import { openBrowser } from "./browser.ts";

const url = pathToFileURL(path.join(import.meta.dirname, "../reference.html")).href;
let browser: Browser;

beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser.close());

/** The page, what it asked the network for, and what it complained of. */
async function open() {
  const page = await browser.newPage();
  const asked: string[] = [];
  const complaints: string[] = [];
  page.on("request", (request) => asked.push(request.url()));
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  await page.goto(url);
  await page.getByRole("heading", { name: "Ticket allocation" }).waitFor();
  return { page, asked, complaints };
}

/** Opens an endpoint's form, fills it in, sends it and gives what the page then shows of the answer. */
async function execute(
  page: Page,
  operation: string,
  { id, purchaseId, body }: { id?: string; purchaseId?: string; body?: object },
) {
  const form = page.locator(`[id$="-${operation}"]`);
  if (!(await form.getByRole("button", { name: "Execute" }).isVisible()))
    await form.locator(".opblock-summary-control").click();
  if (id) await form.getByPlaceholder("id", { exact: true }).fill(id);
  if (purchaseId) await form.getByPlaceholder("purchaseId", { exact: true }).fill(purchaseId);
  if (body) await form.locator("textarea").fill(JSON.stringify(body));
  const live = form.locator(".live-responses-table .response");
  // Until the new response arrives, the page shows that of the last execution.
  if (await live.isVisible()) await form.getByRole("button", { name: "Clear" }).click();
  await live.waitFor({ state: "detached" });
  await form.getByRole("button", { name: "Execute" }).click();
  const [status] = (await live.locator(".response-col_status").innerText()).split(/\s/);
  return { status, body: JSON.parse(await live.locator(".highlight-code code").first().innerText()) };
}

describe("the reference page", () => {
  it("shows every endpoint and asks the network for nothing", async () => {
    const { page, asked, complaints } = await open();

    const shown = await page.locator(".opblock-summary").allInnerTexts();
    expect(shown.map((text) => text.trim().split(/\s+/).join(" ")).sort()).toEqual(
      operations
        .map(({ method, path, pointer }) => `${method} ${path} ${at(pointer).summary}`)
        .sort()
        .map((text) => expect.stringContaining(text)),
    );
    expect({ asked: asked.filter((one) => !one.startsWith("data:")), complaints }).toEqual({
      asked: [url],
      complaints: [],
    });
  });

  it("is enough for a first purchase, and to hold and confirm another", async () => {
    const { page } = await open();
    await page.locator(".servers input").fill(inject("apiBaseUrl"));

    const creation = await execute(page, "createTicketOption", { body: { Name: "Derby", Allocation: 3 } });
    expect(creation).toEqual({
      status: "200",
      body: expect.objectContaining({ Name: "Derby", Capacity: 3 }),
    });
    const id = creation.body.ID;

    const order = { Quantity: 2, UserID: "406c1d05-bbb2-4e94-b183-7d208c2692e1" };
    expect(await execute(page, "purchaseTickets", { id, body: order })).toEqual({
      status: "200",
      body: expect.objectContaining({ TicketOptionID: id, ...order }),
    });
    expect(await execute(page, "getTicketOption", { id })).toEqual({
      status: "200",
      body: expect.objectContaining({ ID: id, Allocation: 1, Capacity: 3 }),
    });

    const hold = { Quantity: 1, UserID: "406c1d05-bbb2-4e94-b183-7d208c2692e1", HoldSeconds: 600 };
    const held = await execute(page, "purchaseTickets", { id, body: hold });
    expect(held.body.Status).toBe("held");
    expect(await execute(page, "confirmPurchase", { id, purchaseId: held.body.ID })).toEqual({
      status: "200",
      body: expect.objectContaining({ ID: held.body.ID, Status: "sold" }),
    });
  });
});
