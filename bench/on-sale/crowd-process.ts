// The buyers of an on-sale: an open workload, whose arrivals do not depend on the service's speed.
import { setTimeout } from "node:timers/promises";
import { v4 } from "uuid";
import { HttpConnection } from "../http-connection.ts";
import { ownCpu } from "../processes.ts";
import { serve } from "../worker.ts";

/** A buyer: arrival in milliseconds from the start, and number of tickets. */
export interface Arrival {
  at: number;
  quantity: number;
}

/** The outcome for one buyer. Times are in milliseconds from the start. */
export interface Visit extends Arrival {
  /** When the request was sent. */
  letIn: number;
  /** When the response was complete. */
  responded: number;
  status: number;
}

export type CrowdTasks = typeof tasks;

interface Sale {
  url: string;
  optionId: string;
  /** Limit of concurrent requests: further buyers queue in the order of their arrival. */
  room: number;
  arrivals: Arrival[];
}

/** Milliseconds of idleness before a connection is replaced: serverless-offline closes it after five seconds. */
const LONG_IDLE = 2_000;

const tasks = {
  async run({ url, optionId, room, arrivals }: Sale) {
    const path = `/ticket_options/${optionId}/purchases`;
    const open = () => HttpConnection.open(url, path);
    const connections = await Promise.all(Array.from({ length: room }, open));
    const tickets = new Set<string>();
    const visits: Visit[] = [];
    const before = ownCpu();
    const start = performance.now();
    const now = () => performance.now() - start;
    let next = 0;
    const serveBuyers = async (first: HttpConnection) => {
      let connection = first;
      for (let arrival = arrivals[next++]; arrival; arrival = arrivals[next++]) {
        if (arrival.at > now()) await setTimeout(arrival.at - now());
        const letIn = now();
        const order = JSON.stringify({ Quantity: arrival.quantity, UserID: v4() });
        if (connection.idle > LONG_IDLE) {
          connection.close();
          connection = await open();
        }
        const { status, body } = await connection.exchange(order);
        visits.push({ ...arrival, letIn, responded: now(), status });
        if (status === 200) for (const id of JSON.parse(String(body)).TicketIDs) tickets.add(id);
      }
      connection.close();
    };
    await Promise.all(connections.map(serveBuyers));
    return { visits, differentTickets: tickets.size, clientCpu: ownCpu() - before };
  },
};

serve(tasks);
