import { createHash, createHmac, pbkdf2Sync, randomBytes } from "node:crypto";
import type { DataApi } from "../lib/data-api.ts";
import { limits } from "../lib/limits.ts";

/**
 * Sets the password and the time limits of the role that the functions connect as
 * (infra/migrations/0003_functions_role.sql). PostgreSQL gets the password's verifier only, so that the password stands in
 * no log of statements; and nothing in a verifier needs quoting.
 */
export async function setFunctionsRole(database: DataApi, password: string): Promise<void> {
  // Under a lock, for the same change made twice at once is an error.
  await database.execute(
    `do $role$ begin
      perform pg_advisory_xact_lock(5_407_120);
      alter role ticket_functions password '${scramVerifier(password)}';
      alter role ticket_functions set lock_timeout = ${limits.lock};
      alter role ticket_functions set statement_timeout = ${limits.statement};
    end $role$`,
  );
}

/** @see RFC 5802, section 3, in the form of PostgreSQL's `pg_authid.rolpassword` */
function scramVerifier(password: string): string {
  const iterations = 4096;
  const salt = randomBytes(16);
  const salted = pbkdf2Sync(password, salt, iterations, 32, "sha256");
  const hmac = (text: string) => createHmac("sha256", salted).update(text).digest();
  const storedKey = createHash("sha256").update(hmac("Client Key")).digest("base64");
  return `SCRAM-SHA-256$${iterations}:${salt.toString("base64")}$${storedKey}:${hmac("Server Key").toString("base64")}`;
}
