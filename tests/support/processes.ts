import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

export interface Process {
  pid: number;
  parent: number;
  group: number;
  command: string;
}

const onLinux = process.platform === "linux";

/** All processes of this machine except zombies, which stay if nothing reaps them. */
export function processes(): Process[] {
  return onLinux ? readdirSync("/proc").flatMap(fromProc) : fromPs();
}

/** Sends a signal to a process, or to a group if the id is negative. One that has ended needs none. */
export function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** The peak memory of a process in bytes, or its present memory if the system does not record the peak. */
export function peakMemory(pid: number): number {
  const kilobytes = onLinux
    ? /^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]
    : execFileSync("ps", ["-o", "rss=", "-p", `${pid}`], { encoding: "utf8" });
  return Number(kilobytes) * 1024;
}

/** Reads /proc, because small Linux images have no `ps`. */
function fromProc(entry: string): Process[] {
  if (!/^\d+$/.test(entry)) return [];
  try {
    const status = readFileSync(`/proc/${entry}/stat`, "utf8");
    // The fields after the program's name (which may contain anything): state, parent, group.
    const [state, parent, group] = status.slice(status.lastIndexOf(")") + 2).split(" ");
    const command = readFileSync(`/proc/${entry}/cmdline`, "utf8").replaceAll("\0", " ").trim();
    return state === "Z"
      ? []
      : [{ pid: Number(entry), parent: Number(parent), group: Number(group), command }];
  } catch {
    return []; // the process has ended
  }
}

function fromPs(): Process[] {
  const table = execFileSync("ps", ["-A", "-ww", "-o", "pid=,ppid=,pgid=,stat=,args="], { encoding: "utf8" });
  return table.split("\n").flatMap((line) => {
    const [pid, parent, group, state, ...command] = line.trim().split(/\s+/);
    return !pid || state?.startsWith("Z")
      ? []
      : [{ pid: Number(pid), parent: Number(parent), group: Number(group), command: command.join(" ") }];
  });
}
