import { overHttp } from "../support/over-http.ts";
import type { Service } from "./project.ts";

const user = "406c1d05-bbb2-4e94-b183-7d208c2692e1";

/** A client of a run of the service. */
export function shop({ httpPort }: Service) {
  const request = overHttp(`http://127.0.0.1:${httpPort}`);
  const get = (id: string) => request({ method: "GET", path: `/ticket_options/${id}` });
  return {
    get,
    /** Creates an option and returns its id. */
    create: async (allocation: number): Promise<string> => {
      const body = JSON.stringify({ Name: "Fenerbahce vs Galatasaray", Allocation: allocation });
      const created = await request({ method: "POST", path: "/ticket_options", body });
      return JSON.parse(created.body).ID;
    },
    /** The number of tickets left. */
    left: async (id: string): Promise<number> => JSON.parse((await get(id)).body).Allocation,
    purchase: (id: string, quantity: number) =>
      request({
        method: "POST",
        path: `/ticket_options/${id}/purchases`,
        body: JSON.stringify({ Quantity: quantity, UserID: user }),
      }),
  };
}
