import { ticketAllocation } from "./client.ts";

const api = ticketAllocation(process.argv[2] ?? "http://localhost:8080");
const { data: option } = await api.createTicketOption({ body: { Name: "Derby", Allocation: 3 } });
if (!option) throw new Error("the option was not created");

const order = { Quantity: 2, UserID: "406c1d05-bbb2-4e94-b183-7d208c2692e1", HoldSeconds: 600 };
const { data: hold, error } = await api.purchaseTickets({ path: { id: option.ID }, body: order });
if (!hold) throw new Error(`${error.title}: ${error.detail}`);
const confirm = await api.confirmPurchase({ path: { id: option.ID, purchaseId: hold.ID } }); // authorise first, capture after
if (confirm.data) console.log(`bought ${confirm.data.TicketIDs}`);
else console.log(`${confirm.error.title}: ${confirm.error.detail}`); // 409: release the payment; 503: retry
