import { type ChildProcess, execFileSync, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { startTemporaryPostgres } from "../../emulator/src/index.ts";
import { bundleOptions } from "../../infra/bundle.ts";
import { eventOf } from "../../tests/support/gateway-event.ts";
import { newOrder } from "../../tests/support/options.ts";
import { openShop, TICKETS_PER_SALE } from "../shop.ts";
import { inTurns, named } from "../statistics.ts";
import { startWorker } from "../worker.ts";
import type { DataApiTasks } from "./data-api-process.ts";
import { type Package, packageBareClient, packageFunctions } from "./packages.ts";

export type ColdStartResults = Awaited<ReturnType<typeof measure>>;

/** Calls before a request counts as warm. */
const WARM_UPS = 500;

/** A file to load in new processes. Without an event it is only loaded. */
interface Contestant {
  name: string;
  file: string;
  environment: NodeJS.ProcessEnv;
  event?: string;
}

interface Called {
  milliseconds: number;
  /** Milliseconds from the start of the import. */
  sinceStart: number;
  /** Microseconds per call, of all threads. */
  cpu: number;
}

/** Measures the packaged functions, from their import to warm requests. */
export async function measure(quick: boolean) {
  const pace = quick ? { starts: 5, runs: 3, calls: 500 } : { starts: 30, runs: 11, calls: 4_000 };
  const folder = mkdtempSync(path.join(tmpdir(), "ticket-allocation-bench-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const functions = await packageFunctions(folder);
  const likeFunctions = bundleOptions(folder);
  const alone = await packageBareClient(folder, "the SDK alone, bundled like a function", likeFunctions);
  const bare = await packageBareClient(folder, "bare SDK client");

  const { sale, event, environment } = await recordSale();
  const dataApi = startWorker<DataApiTasks>(path.join(import.meta.dirname, "data-api-process.ts"));
  const tls = certificate(folder);
  const unprepared = {
    ...environment,
    STATEMENT: sale.request,
    NODE_EXTRA_CA_CERTS: tls.file,
    AWS_ENDPOINT_URL_RDS_DATA: await dataApi.call.start(sale.response, tls),
  };
  // A function prepares its connection only if Lambda started it (`isFunction` in lib/config.ts).
  const onLambda = { ...unprepared, AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand" };
  const called = (one: Package): Contestant => ({ ...one, environment: onLambda, event });
  const purchase = called(named(functions, "purchase"));
  const nothingPrepared = { ...purchase, name: "purchase, nothing prepared", environment: unprepared };
  const others = functions.filter(({ name }) => name !== "purchase");
  const loaded = others.map((each): Contestant => ({ ...each, environment: onLambda }));

  const all = [...loaded, purchase, nothingPrepared, called(alone), called(bare)];
  const starts = await inTurns(all, pace.starts, coldStart);
  const warm = await inTurns([purchase, called(bare)], pace.runs, warmRun);
  await dataApi.end();
  return { packages: [...functions, alone, bare], starts, warm };

  async function coldStart(contestant: Contestant) {
    const before = await dataApi.call.connections();
    const { child, imported } = await load(contestant);
    const first = contestant.event === undefined ? undefined : await call(child, contestant.event, 1);
    await end(child);
    return {
      import: imported.milliseconds,
      importCpu: imported.cpu / 1000,
      first: first?.milliseconds,
      importAndFirst: first?.sinceStart,
      connections: (await dataApi.call.connections()) - before,
    };
  }

  /** Measures requests one after the other to a new process: how V8 compiles a program differs between processes. */
  async function warmRun({ event = "", ...contestant }: Contestant) {
    const { child } = await load(contestant);
    await call(child, event, WARM_UPS);
    const warm = await call(child, event, pace.calls);
    await end(child);
    return warm;
  }
}

async function load({ file, environment }: Contestant) {
  const child = fork(path.join(import.meta.dirname, "function-process.cjs"), [file], {
    env: environment,
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  return { child, imported: await reply<{ milliseconds: number; cpu: number }>(child) };
}

function call(child: ChildProcess, event: string, calls: number): Promise<Called> {
  child.send({ event, calls });
  return reply(child);
}

async function end(child: ChildProcess): Promise<void> {
  child.kill();
  await once(child, "exit");
}

async function reply<Message>(child: ChildProcess): Promise<Message> {
  const first = new AbortController(); // removes the listeners of the other event
  const { signal } = first;
  const [message] = await Promise.race([once(child, "message", { signal }), once(child, "exit", { signal })]);
  first.abort();
  if (typeof message !== "object") throw new Error("a function ended early");
  return message;
}

/** Makes a sale, and returns its Data API call and the event with which API Gateway would request one like it. */
async function recordSale() {
  const { createOption, sell, environment } = await openShop((await startTemporaryPostgres()).url);
  const optionId = await createOption();
  const order = newOrder(optionId, { quantity: TICKETS_PER_SALE });
  const [sale] = (await sell(order)).calls;
  if (!sale) throw new Error("nothing was sold");
  const event = eventOf(
    {
      method: "POST",
      path: `/ticket_options/${optionId}/purchases`,
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ Quantity: order.quantity, UserID: order.userId }),
    },
    { resource: "/ticket_options/{id}/purchases", stage: "bench" },
    { id: optionId },
  );
  return { sale, event: JSON.stringify(event), environment };
}

/** Makes a self-signed certificate for `localhost`. */
function certificate(folder: string) {
  const [key, file] = [path.join(folder, "key.pem"), path.join(folder, "certificate.pem")];
  const algorithm = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1"];
  const names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
  const files = ["-keyout", key, "-out", file];
  execFileSync("openssl", ["req", "-x509", ...algorithm, ...names, ...files], { stdio: "ignore" });
  return { file, key: readFileSync(key, "utf8"), cert: readFileSync(file, "utf8") };
}
