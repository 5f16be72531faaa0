// Before the tests of each file: says once, and not in each test, that a response is not as documented.
import { createTicketOption, read, sell } from "./given.ts";

const option = await createTicketOption();
await sell(option);
await read(option);
