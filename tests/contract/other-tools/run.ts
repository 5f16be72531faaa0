// `npm run test:contract-tools`: checks docs/openapi.yaml with third-party tools. Requires Python 3.10 or newer,
// and installs the rest, Go for kin-openapi included.
import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import path from "node:path";
import { startLocalRun } from "../../support/local-run.ts";
import { samples } from "./samples.ts";

const project = path.resolve(import.meta.dirname, "../../..");
const specification = path.join(project, "docs/openapi.yaml");
/** The output folder of the tools. */
const folder = path.join(project, ".local/contract-tools");
const own = (file: string) => path.join(import.meta.dirname, file);

const kinOpenApi = "github.com/getkin/kin-openapi/cmd/validate@v0.153.0";

function run(
  program: string,
  args: string[],
  options: { input?: string; env?: NodeJS.ProcessEnv } = {},
): void {
  const { env = process.env, input } = options;
  const stdin = input === undefined ? "ignore" : "pipe";
  execFileSync(program, args, { cwd: folder, env, input, stdio: [stdin, "inherit", "inherit"] });
}

mkdirSync(folder, { recursive: true });

run("python3", ["-m", "venv", "venv"]);
const venv = (program: string) => path.join(folder, "venv/bin", program);
run(venv("pip"), [
  "install",
  "--quiet",
  "--disable-pip-version-check",
  "--requirement",
  own("requirements.txt"),
]);

run(venv("go"), ["run", kinOpenApi, specification]);
console.log("kin-openapi accepts docs/openapi.yaml");

run(venv("python"), [own("patterns.py")], { input: JSON.stringify(samples("u")) });
console.log("the patterns match the same texts in ECMA-262, Python and RE2");

const service = await startLocalRun();
const config = ["--config-file", own("schemathesis.toml")];
run(venv("schemathesis"), [...config, "run", specification, "--url", service.url, ...process.argv.slice(2)], {
  env: { ...process.env, SCHEMATHESIS_HOOKS: own("schemathesis_hooks.py") },
});
await service.end();
process.exit();
