/**
 * What servers use while nobody says anything.
 *
 * @module
 */

import { usageBetween, usageOf } from "./system.ts";
import { bytesOn } from "./traffic.ts";

/** The servers to watch. */
export interface Watched {
  readonly pids: readonly number[];
  readonly ports: readonly number[];
}

/** What all of them used together. */
export interface Idle {
  /** Of one core. */
  readonly cpuPercent: number | null;
  readonly bytesPerSecond: number | null;
  readonly residentBytes: number | null;
}

/** Watches servers for so long. */
export async function idleUsage({ pids, ports }: Watched, seconds: number): Promise<Idle> {
  const bytesBefore = await bytesOn(ports);
  const before = usageOf(pids);
  const startedAt = performance.now();
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  const used = usageBetween(before, usageOf(pids));
  const tookSeconds = (performance.now() - startedAt) / 1000;
  const bytes = await bytesOn(ports);
  return {
    cpuPercent: used && used.cpuSeconds / tookSeconds * 100,
    bytesPerSecond: bytes === null || bytesBefore === null
      ? null
      : (bytes - bytesBefore) / tookSeconds,
    residentBytes: used?.residentBytes ?? null,
  };
}
