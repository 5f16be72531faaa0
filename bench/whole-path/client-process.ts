// Makes purchases in one of four ways; each omits one more layer than the previous one.
import { Pool } from "undici";
import { v4, v7 } from "uuid";
import { overHandlers } from "../../tests/support/over-handlers.ts";
import { connect, ROLE_LIMITS } from "../connection.ts";
import { callFor, type Load, type Outcome } from "../load.ts";
import { type Forms, order } from "../purchase/forms.ts";
import { TICKETS_PER_SALE } from "../shop.ts";
import { serve } from "../worker.ts";

export type ClientTasks = typeof tasks;

export interface Opening {
  way: "http" | "handler" | "data api" | "driver";
  clients: number;
  optionId: string;
  /** URL of the service, the Data API or PostgreSQL. */
  url: string;
  /** A recorded request to the Data API, and the values in it that each purchase replaces. */
  sale: { request: string; id: string; userId: string };
  forms: Forms;
}

let clients: (() => Promise<Outcome>)[] = [];

const tasks = {
  async open(opening: Opening): Promise<void> {
    const call = caller(opening);
    clients = await Promise.all(Array.from({ length: opening.clients }, (_, number) => call(number)));
  },

  async callFor(milliseconds: number): Promise<Load> {
    return callFor(milliseconds, clients);
  },
};

serve(tasks);

/** Returns a function that makes a client, which is a function that makes a purchase. */
function caller({ way, clients, optionId, url, sale, forms }: Opening) {
  const path = `/ticket_options/${optionId}/purchases`;
  const body = () => JSON.stringify({ Quantity: TICKETS_PER_SALE, UserID: v4() });
  switch (way) {
    case "http":
      return overHttp(url, clients, path, body);
    case "handler":
      return async () => async () => {
        const headers = { "Content-Type": "application/json" };
        const response = await overHandlers({ method: "POST", path, headers, body: body() });
        if (response.status !== 200)
          throw new Error(`the handler responded ${response.status} ${response.body}`);
        return "sold" as const;
      };
    case "data api":
      return overHttp(url, clients, "/Execute", () =>
        sale.request.replace(sale.id, v7()).replace(sale.userId, v4()),
      );
    case "driver":
      return async (number: number) => {
        const client = await connect(url, ROLE_LIMITS);
        return () => order(forms, { form: "sale" }, { number, client }, optionId);
      };
  }
}

function overHttp(url: string, connections: number, path: string, body: () => string) {
  const pool = new Pool(url, { connections });
  const headers = { "Content-Type": "application/json", Authorization: "AWS4-HMAC-SHA256 Credential=local" };
  return async () => async () => {
    const response = await pool.request({ method: "POST", path, headers, body: body() });
    const text = await response.body.text();
    if (response.statusCode !== 200) throw new Error(`the server responded ${response.statusCode} ${text}`);
    return "sold" as const;
  };
}
