// Runs before the tests of each file, to report an undocumented response once and not in each test.
import { createTicketOption, read, sell } from "./given.ts";

const option = await createTicketOption();
await sell(option);
await read(option);
