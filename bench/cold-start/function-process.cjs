// Loads one file in this fresh process, calls its handler as often as the parent says, and sends the times. The
// function's log goes to standard output.
const [file] = process.argv.slice(2);
const begun = performance.now();
const cpu = process.cpuUsage();
const { handler } = require(file);
const imported = { milliseconds: performance.now() - begun, cpu: microseconds(cpu) };
const context = { functionName: "purchase", getRemainingTimeInMillis: () => 25_000 };

process.on("message", async ({ event, calls }) => {
  const events = Array.from({ length: calls }, () => JSON.parse(event)); // as Lambda, a new object for each call
  const cpu = process.cpuUsage();
  const start = performance.now();
  for (const each of events) {
    const { statusCode } = await handler(each, context);
    if (statusCode !== 200) throw new Error(`the function responded ${statusCode}`);
  }
  const end = performance.now();
  process.send({ milliseconds: end - start, sinceStart: end - begun, cpu: microseconds(cpu) / calls });
});
process.send(imported);

/** CPU time of all threads since `start`. */
function microseconds(start) {
  const { user, system } = process.cpuUsage(start);
  return user + system;
}
