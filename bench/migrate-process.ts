// Makes the tables of another database: a process can load `lib/` for one database only.
import { startLocalDatabase } from "../infra/local/database.ts";
import { serve } from "./worker.ts";

export type MigrateTasks = typeof tasks;

const tasks = {
  async migrate({ databaseUrl }: { databaseUrl: string }): Promise<void> {
    const database = await startLocalDatabase(databaseUrl);
    await database.migrate();
  },
};

serve(tasks);
