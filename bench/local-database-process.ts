// Runs the Data API emulator of the local run in a separate process, so that its CPU time can be measured.
import { startLocalDatabase } from "../infra/local/database.ts";
import { serve } from "./worker.ts";

export type LocalDatabaseTasks = typeof tasks;

const tasks = {
  /** Starts the emulator, and returns the environment of the functions. */
  async start(databaseUrl: string): Promise<Record<string, string>> {
    const database = await startLocalDatabase(databaseUrl);
    await database.migrate();
    return database.functionsEnvironment;
  },
};

serve(tasks);
