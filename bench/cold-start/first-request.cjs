// Loads a packaged function, waits for the next event as Lambda's runtime does, handles it, and prints the times.
const http = require("node:http");

const [file, nextUrl] = process.argv.slice(2);
const begun = performance.now();
const { handler } = require(file);
const imported = performance.now();
http.get(nextUrl, async (response) => {
  const chunks = await response.toArray();
  const arrived = performance.now();
  const context = { functionName: "get", getRemainingTimeInMillis: () => 25_000 };
  const { statusCode } = await handler(JSON.parse(Buffer.concat(chunks)), context);
  const responded = performance.now();
  const milliseconds = { import: imported - begun, request: responded - arrived };
  process.stderr.write(JSON.stringify({ statusCode, ...milliseconds })); // standard output is the function's log
  process.exit();
});
