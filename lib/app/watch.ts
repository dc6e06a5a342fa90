/**
 * `rtt --watch`: how far away each server is, again and again.
 *
 * @module
 */

import type { ClientOptions, Verb } from "./client_args.ts";
import { ExitCode } from "./exit_code.ts";
import type { LiveSession } from "./live_session.ts";
import { wantsColour } from "./output.ts";
import type { Printer } from "./printer.ts";
import { measuredRtts } from "./rtts.ts";
import { Screen } from "./screen.ts";
import { rttTable } from "./tables.ts";
import { rttExitCode } from "./verbs.ts";
import { watchView } from "./watch_view.ts";

/** What is watched, where it is shown, and for how long. */
export interface WatchPlan {
  /** Where it is shown. */
  readonly printer: Printer;
  /** What the command line says. */
  readonly options: ClientOptions;
  /** What the verb says. */
  readonly verb: Extract<Verb, { kind: "rtt" }>;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/** On a terminal in one place, else one table, or some lines of JSON, after another. */
export async function watchRtts(session: LiveSession, plan: WatchPlan): Promise<number> {
  const { printer, options, verb } = plan;
  const { intervalMs, count } = verb;
  using screen = !printer.json && Deno.stdout.isTerminal() ? new Screen() : null;
  const colour = wantsColour(Deno.stdout);
  const show = (): void => {
    const rtts = measuredRtts(session, options);
    if (screen === null) printer.table(rtts, rttTable);
    else screen.draw(watchView(rtts, { colour, ...screen.size, intervalMs }));
  };
  if (screen !== null) {
    screen.onResize = show;
    show();
  }
  // Off a terminal nobody needs to see that there is nothing yet.
  if (screen === null) await pause(intervalMs, plan.signal);
  for (let round = 1; count === null || round <= count; round++) {
    const goesOn = await Promise.race([
      pause(intervalMs, plan.signal),
      printer.unread.then(() => false),
    ]);
    if (!goesOn) break;
    show();
  }
  // Whoever had enough wants to be told nothing more.
  return plan.signal.aborted ? ExitCode.interrupted : rttExitCode(session, options);
}

/** Whether the time has passed before the signal. */
function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const stop = (): void => resolve(false);
  const timer = setTimeout(() => resolve(true), ms);
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  return promise.finally(() => {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  });
}
