/**
 * What a run of the suite measures with: how often, how long, which programs.
 *
 * @module
 */

import { compile, compileAll, MissingStubError } from "../../lib/app/compile.ts";
import { BINARIES } from "../../lib/app/program.ts";
import { withStub } from "../testing/denort.ts";
import { commandOf, ROOT } from "../testing/program.ts";
import type { Result } from "./result.ts";
import { installed } from "./system.ts";

const BARE_LISTEN = "tests/bench/bare_listen.ts";

/** What every row is given. */
export interface Setting extends AsyncDisposable {
  /** Fewer, shorter, smaller: figures to work with. */
  readonly quick: boolean;
  /** Interleaved runs that count; one more warms up. */
  readonly repetitions: number;
  /** How long one run of a load lasts. */
  readonly runSeconds: number;
  /** How long idle servers are watched. */
  readonly idleSeconds: number;
  /** The commands of our programs, without arguments. */
  readonly server: readonly string[];
  readonly client: readonly string[];
  /** The command of a program that only listens. */
  readonly bareListen: readonly string[];
  /** The two files; empty where they can't be compiled, and the sources run in their place. */
  readonly binaries: readonly string[];
  /** The path of the peer; null where it is not installed. */
  readonly nats: string | null;
  /** Says what is left out, or is not as it should be. */
  readonly note: (text: string) => void;
}

/** One row of the suite: a name, and what it measures. */
export interface Row {
  readonly name: string;
  readonly title: string;
  measure(setting: Setting): AsyncIterable<Result>;
}

/** Compiles the programs, and looks what is installed. */
export async function settingOf(
  { quick, note }: Pick<Setting, "quick" | "note">,
): Promise<Setting> {
  const folder = await Deno.makeTempDir();
  const binaries = await compiled(`${folder}/`, note);
  const [server, client, bareListen] = binaries;
  const nats = installed("nats-server");
  if (nats === null) {
    note("nats-server is not installed (Debian: apt-get install nats-server): no ratios to it");
  }
  return {
    quick,
    note,
    repetitions: quick ? 3 : 5,
    runSeconds: quick ? 0.1 : 0.5,
    idleSeconds: quick ? 0.5 : 5,
    server: server === undefined ? fromSource("server") : [server],
    client: client === undefined ? fromSource("client") : [client],
    bareListen: bareListen === undefined
      ? [Deno.execPath(), "run", "--quiet", "--allow-net", pathOf(BARE_LISTEN)]
      : [bareListen],
    binaries: binaries.slice(0, 2),
    nats,
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

/** The files of our two programs, and of the bare one; none where nothing can be compiled. */
async function compiled(folder: string, note: Setting["note"]): Promise<string[]> {
  const exe = Deno.build.os === "windows" ? ".exe" : "";
  try {
    await withStub(async (env) => {
      await compileAll({ folder, target: null, env });
      await compile(
        { entry: BARE_LISTEN, output: `${folder}bare-listen${exe}`, target: null },
        env,
      );
    });
    return [BINARIES.server, BINARIES.client, "bare-listen"].map((name) =>
      `${folder}${name}${exe}`
    );
  } catch (error) {
    if (!(error instanceof MissingStubError)) throw error;
    note(`The programs run from their sources: ${error.message}`);
    return [];
  }
}

/** The command that runs a program of ours without compiling it. */
export function fromSource(program: "server" | "client"): string[] {
  const [deno = "", ...args] = commandOf(program);
  return [deno, ...args.slice(0, -1), pathOf(`${program}.ts`)];
}

function pathOf(module: string): string {
  return new URL(module, ROOT).pathname;
}
