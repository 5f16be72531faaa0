// Gets events from Lambda's Runtime API, and gives it what the handler answers.
import { createRequire } from "node:module";
import path from "node:path";

const [file, name] = process.argv[2].split(".");
const invocations = `http://${process.env.AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime/invocation`;
const loaded = createRequire(import.meta.url)(path.resolve(`${file}.cjs`));

for (;;) {
  const next = await fetch(`${invocations}/next`);
  const awsRequestId = next.headers.get("lambda-runtime-aws-request-id");
  const deadline = Number(next.headers.get("lambda-runtime-deadline-ms"));
  const context = { awsRequestId, functionName: file, getRemainingTimeInMillis: () => deadline - Date.now() };
  const [what, answer] = await loaded[name](await next.json(), context).then(
    (result) => ["response", result],
    (error) => ["error", { errorMessage: String(error), errorType: error.name }],
  );
  await fetch(`${invocations}/${awsRequestId}/${what}`, { method: "POST", body: JSON.stringify(answer) });
}
