import { createHash, createHmac, pbkdf2Sync, randomBytes } from "node:crypto";
import type { DataApi } from "../lib/data-api.ts";
import { limits } from "../lib/limits.ts";

/**
 * Sets the password and the time limits of the role that the functions connect as
 * (infra/migrations/0003_functions_role.sql). PostgreSQL gets only the verifier of the password, so that the password
 * appears in no log of statements. A verifier needs no quoting.
 */
export async function setFunctionsRole(database: DataApi, password: string): Promise<void> {
  // The lock is needed because concurrent changes of one role fail.
  await database.execute(
    `do $role$ begin
      perform pg_advisory_xact_lock(5_407_120);
      alter role ticket_functions password '${scramVerifier(password)}';
      alter role ticket_functions set lock_timeout = ${limits.lock};
      alter role ticket_functions set statement_timeout = ${limits.statement};
    end $role$`,
  );
}

/**
 * Computes the verifier of a password in the format of PostgreSQL's `pg_authid.rolpassword`.
 *
 * @see RFC 5802, section 3
 */
function scramVerifier(password: string): string {
  const iterations = 4096;
  const salt = randomBytes(16);
  const salted = pbkdf2Sync(password, salt, iterations, 32, "sha256");
  const hmac = (text: string) => createHmac("sha256", salted).update(text).digest();
  const storedKey = createHash("sha256").update(hmac("Client Key")).digest("base64");
  return `SCRAM-SHA-256$${iterations}:${salt.toString("base64")}$${storedKey}:${hmac("Server Key").toString("base64")}`;
}
