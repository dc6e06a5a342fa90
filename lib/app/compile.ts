/**
 * `deno task compile [TARGET]...`: both programs, each as one file with network
 * permission and no other, into `dist/`, or into `dist/TARGET/` for each target
 * that is named, with a `SHA256SUMS` beside them.
 *
 * It is plain `deno compile`. That needs the runtime stub `denort` of the same
 * Deno version: Deno downloads it, unless `DENORT_BIN` names one.
 *
 * @module
 */

import { ExitCode } from "./exit_code.ts";
import { writeError, writeOut } from "./output.ts";
import { BINARIES } from "./program.ts";
import { quoted, UsageError } from "./usage_error.ts";

const ROOT = new URL("../../", import.meta.url);

/** A platform that Deno compiles for. */
export interface Target {
  /** What people call it: `linux-arm64`. */
  readonly name: string;
  /** What Deno calls it: `aarch64-unknown-linux-gnu`. */
  readonly triple: string;
  /** The byte of a binary's header that tells its processor. */
  readonly processor: { readonly at: number; readonly is: number };
}

/** All platforms that Deno compiles for. */
export const TARGETS: readonly Target[] = [
  { name: "linux-x64", triple: "x86_64-unknown-linux-gnu", processor: { at: 18, is: 0x3e } },
  { name: "linux-arm64", triple: "aarch64-unknown-linux-gnu", processor: { at: 18, is: 0xb7 } },
  { name: "macos-x64", triple: "x86_64-apple-darwin", processor: { at: 4, is: 0x07 } },
  { name: "macos-arm64", triple: "aarch64-apple-darwin", processor: { at: 4, is: 0x0c } },
  // Only one processor: what any program for Windows begins with will do.
  { name: "windows-x64", triple: "x86_64-pc-windows-msvc", processor: { at: 0, is: 0x4d } },
];

/** What becomes which binary. */
export const PROGRAMS = [
  { entry: "server.ts", name: BINARIES.server },
  { entry: "client.ts", name: BINARIES.client },
] as const;

/** One binary to be made. */
export interface Compilation {
  /** The module that runs, relative to the project. */
  readonly entry: string;
  /** Where the binary goes, absolute or relative to the project. */
  readonly output: string;
  /** The platform that it is for; null for this one. */
  readonly target: Target | null;
}

/** Where {@linkcode compileAll} puts what it makes, and for whom. */
export interface CompileAllOptions {
  /** An existing folder, absolute or relative to the project; ends with `/`. */
  readonly folder: string;
  /** The platform; null for this one. */
  readonly target: Target | null;
  /** Variables for Deno, besides those of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** Told of each file that is made. */
  readonly made?: (path: string, bytes: number) => void;
}

/** The runtime stub for the platform could not be had. */
export class MissingStubError extends Error {
  /** What errors of this class are called. */
  override readonly name = "MissingStubError";
}

/**
 * The target of that name or triple.
 *
 * @throws {UsageError} when there is none.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { targetOf } from "./compile.ts";
 *
 * assertEquals(targetOf("linux-arm64"), targetOf("aarch64-unknown-linux-gnu"));
 * ```
 */
export function targetOf(word: string): Target {
  const target = TARGETS.find(({ name, triple }) => word === name || word === triple);
  if (target !== undefined) return target;
  const allowed = TARGETS.map(({ name }) => name).join(", ");
  throw new UsageError(`Unknown target ${quoted(word)}: allowed are ${allowed}`);
}

/** The arguments of `deno` that make one binary. */
export function compileArgs({ entry, output, target }: Compilation): string[] {
  return [
    "compile",
    "--quiet",
    "--allow-net",
    // What is not permitted is refused: nobody is ever asked to permit more.
    "--no-prompt",
    // Code from a few well-known hosts would be permitted by default.
    "--deny-import",
    // Else each start reads and writes a file in the shared temporary folder,
    // where another user of the machine could put one first. It saves 4 ms.
    "--no-code-cache",
    ...(target === null ? [] : ["--target", target.triple]),
    "--output",
    output,
    entry,
  ];
}

/** What a program's file is called on the platform; null is this one. */
export function binaryName(program: string, target: Target | null): string {
  const isWindows = target === null
    ? Deno.build.os === "windows"
    : target.triple.includes("-windows-");
  return isWindows ? `${program}.exe` : program;
}

/**
 * Makes one binary.
 *
 * @throws {MissingStubError} when there is no runtime stub for the platform.
 * @throws {Error} when Deno can't compile for another reason.
 */
export async function compile(
  compilation: Compilation,
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: compileArgs(compilation),
    cwd: ROOT,
    env: { ...env, NO_COLOR: "1" },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).output();
  if (!success) throw failure(compilation, new TextDecoder().decode(stderr));
}

/** What `deno compile` said when it failed, as an error in one line if it can be. */
export function failure({ entry, target }: Compilation, said: string): Error {
  const what = `Cannot compile ${entry}${target === null ? "" : ` for ${target.name}`}`;
  const [text = ""] = said.split("\nStack backtrace:");
  const causes = [...text.matchAll(/^ +\d+: (.+)$/gm)].map(([, cause = ""]) => cause);
  const [first = "", second = ""] = causes;
  if (first.startsWith("Setting up base binary")) {
    return new MissingStubError(
      `${what}: the runtime stub cannot be downloaded: ${second}; DENORT_BIN=FILE names a copy`,
    );
  }
  return new Error(`${what}: ${causes.length > 0 ? causes.join(": ") : text.trim()}`);
}

/**
 * Makes both programs, and a `SHA256SUMS` that `sha256sum -c` takes.
 *
 * @throws {MissingStubError} when there is no runtime stub for the platform.
 * @throws {Error} when Deno can't compile for another reason, or the stub that
 * `DENORT_BIN` names is for another platform.
 */
export async function compileAll(
  { folder, target, env = {}, made = (): void => {} }: CompileAllOptions,
): Promise<void> {
  let sums = "";
  for (const { entry, name } of PROGRAMS) {
    const file = binaryName(name, target);
    await compile({ entry, output: `${folder}${file}`, target }, env);
    const bytes = await Deno.readFile(inProject(`${folder}${file}`));
    if (target !== null && !isFor(target, bytes)) {
      await Deno.remove(inProject(`${folder}${file}`));
      throw new Error(`Cannot compile for ${target.name}: DENORT_BIN is for another platform`);
    }
    sums += `${await sha256(bytes)}  ${file}\n`;
    made(`${folder}${file}`, bytes.length);
  }
  await Deno.writeTextFile(inProject(`${folder}SHA256SUMS`), sums);
  made(`${folder}SHA256SUMS`, sums.length);
}

/** Deno takes any stub that `DENORT_BIN` names, if only the file format is right. */
function isFor({ processor }: Target, binary: Uint8Array): boolean {
  return binary[processor.at] === processor.is;
}

/** A path, absolute or relative to the project. */
function inProject(path: string): URL {
  return new URL(path, ROOT);
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function main(words: readonly string[]): Promise<void> {
  const targets = words.length === 0 ? [null] : words.map(targetOf);
  for (const target of targets) {
    const folder = target === null ? "dist/" : `dist/${target.name}/`;
    await Deno.mkdir(inProject(folder), { recursive: true });
    const made = (path: string, bytes: number): void => {
      writeOut(bytes < 1e6 ? path : `${path}  ${(bytes / 1e6).toFixed(1)} MB`);
    };
    await compileAll({ folder, target, made });
  }
}

if (import.meta.main) {
  try {
    await main(Deno.args);
  } catch (error) {
    writeError(error instanceof Error ? error.message : String(error));
    Deno.exit(error instanceof UsageError ? ExitCode.usage : 1);
  }
}
