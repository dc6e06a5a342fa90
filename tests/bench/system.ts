/**
 * What Linux tells of processes. On other systems the figures are missing, and
 * so are the rows that pin processes to a core.
 *
 * @module
 */

import type { Usage } from "./result.ts";

/** Linux counts CPU time in these; `getconf CLK_TCK` is 100 wherever Deno runs. */
const TICKS_PER_SECOND = 100;

/** Memory of all, and CPU time since the start of each; null where the system does not tell. */
export function usageOf(pids: readonly number[]): Usage | null {
  if (Deno.build.os !== "linux") return null;
  let residentBytes = 0;
  let cpuSeconds = 0;
  for (const pid of pids) {
    const status = Deno.readTextFileSync(`/proc/${pid}/status`);
    residentBytes += 1024 * Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? NaN);
    // The second field is the name in brackets, which may hold spaces.
    const fields = Deno.readTextFileSync(`/proc/${pid}/stat`).split(") ").at(-1)?.split(" ") ?? [];
    cpuSeconds += (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
  }
  return { residentBytes, cpuSeconds };
}

/** What was used between two calls of {@linkcode usageOf}: memory at the end, CPU time between. */
export function usageBetween(before: Usage | null, after: Usage | null): Usage | null {
  if (before === null || after === null) return null;
  return {
    residentBytes: after.residentBytes,
    cpuSeconds: after.cpuSeconds - before.cpuSeconds,
  };
}

/** How many files a process may have open; Infinity where the system does not tell. */
export function openFilesLimit(): number {
  if (Deno.build.os !== "linux") return Infinity;
  const limits = Deno.readTextFileSync("/proc/self/limits");
  const [, soft = ""] = /^Max open files\s+(\S+)/m.exec(limits) ?? [];
  return soft === "unlimited" ? Infinity : Number(soft);
}

/** The path of an installed program; null when there is none. */
export function installed(program: string): string | null {
  for (const folder of (Deno.env.get("PATH") ?? "").split(":")) {
    try {
      if (Deno.statSync(`${folder}/${program}`).isFile) return `${folder}/${program}`;
    } catch {
      // Not here.
    }
  }
  return null;
}

/** Runs `body` with this process on the first core, as `taskset -c 0` starts others. */
export async function onFirstCore<T>(body: () => Promise<T>): Promise<T> {
  const [, all = ""] = /^Cpus_allowed_list:\s+(\S+)$/m
    .exec(Deno.readTextFileSync("/proc/self/status")) ?? [];
  await pin("0");
  try {
    return await body();
  } finally {
    await pin(all);
  }
}

async function pin(cores: string): Promise<void> {
  const { success } = await new Deno.Command("taskset", {
    args: ["--all-tasks", "--cpu-list", "--pid", cores, String(Deno.pid)],
    stdin: "null",
    stdout: "null",
  }).output();
  if (!success) throw new Error(`Cannot pin this process to core ${cores}: taskset failed`);
}
