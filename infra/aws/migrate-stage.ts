import { parseArgs } from "node:util";
import { migrate, pendingMigrations } from "../migrate.ts";
import { reasons } from "../reasons.ts";
import { reachStage } from "./stage.ts";

// `npm run db:migrate`: applies the pending migrations to a deployed stage, as a deploy does, or lists them.

const usage = "npm run db:migrate -- --stage STAGE [--region REGION] [--dry-run]";

try {
  const { stage, region, dryRun } = options();
  const { owner } = await reachStage(stage, region);
  const names = dryRun ? await pendingMigrations(owner) : await migrate(owner);
  for (const name of names) console.log(dryRun ? `would apply ${name}` : `applied ${name}`);
  if (names.length === 0) console.log(`The database of ${stage} has every migration.`);
} catch (error) {
  console.error(`Cannot migrate: ${reasons(error).join(": ")}`);
  process.exit(1);
}

function options() {
  const { values } = parseArgs({
    options: {
      stage: { type: "string" },
      region: { type: "string" },
      "dry-run": { type: "boolean", default: false },
    },
  });
  if (!values.stage) throw new Error(`usage: ${usage}`);
  return { stage: values.stage, region: values.region, dryRun: values["dry-run"] };
}
