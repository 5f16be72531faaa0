// The Data API emulator as the local run has it, in a process of its own, so that what it costs can be told.
import { startLocalDatabase } from "../infra/local/database.ts";
import { serve } from "./worker.ts";

export type LocalDatabaseTasks = typeof tasks;

const tasks = {
  /** @returns the environment of the functions */
  async start({ databaseUrl }: { databaseUrl: string }): Promise<Record<string, string>> {
    const database = await startLocalDatabase(databaseUrl);
    await database.migrate();
    return database.functionsEnvironment;
  },
};

serve(tasks);
