// The buyers of an on-sale: an open workload, whose arrivals do not depend on the service's speed.
import { setTimeout } from "node:timers/promises";
import { Agent, request } from "undici";
import { v4 } from "uuid";
import { serve } from "../worker.ts";

export type CrowdTasks = typeof tasks;

/** A buyer: arrival in milliseconds from the start, and number of tickets. With `holdSeconds`, the hold lapses. */
export interface Arrival {
  at: number;
  quantity: number;
  holdSeconds?: number;
}

/** The outcome for one buyer. Times are in milliseconds from the start. */
export interface Visit extends Arrival {
  /** When the request was sent. */
  letIn: number;
  /** When the response was complete. */
  responded: number;
  status: number;
}

interface Sale {
  url: string;
  optionId: string;
  /** Limit of concurrent requests: further buyers queue in the order of their arrival. */
  room: number;
  arrivals: Arrival[];
}

/** Its connections stay open between runs: accepting hundreds of new ones is not what is measured. */
const dispatcher = new Agent();

const tasks = {
  async run({ url, optionId, room, arrivals }: Sale): Promise<{ visits: Visit[]; ticketIds: string[] }> {
    const ticketIds: string[] = [];
    const visits: Visit[] = [];
    const start = performance.now();
    const now = () => performance.now() - start;
    const waiting = arrivals.values(); // all places serve from this one queue
    const serveBuyers = async () => {
      for (const arrival of waiting) {
        if (arrival.at > now()) await setTimeout(arrival.at - now());
        const letIn = now();
        const { quantity: Quantity, holdSeconds: HoldSeconds } = arrival;
        const { statusCode, body } = await request(`${url}/ticket_options/${optionId}/purchases`, {
          dispatcher,
          method: "POST",
          headers: { "Content-Type": "application/json" },
          body: JSON.stringify({ Quantity, UserID: v4(), HoldSeconds }),
        });
        const response = await body.text();
        visits.push({ ...arrival, letIn, responded: now(), status: statusCode });
        if (statusCode === 200) ticketIds.push(...(JSON.parse(response).TicketIDs ?? []));
      }
    };
    await Promise.all(Array.from({ length: room }, serveBuyers));
    return { visits, ticketIds };
  },
};

serve(tasks);
