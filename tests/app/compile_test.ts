/**
 * What `deno compile` is asked for. Other platforms can be tested no further
 * here: that needs their runtime stubs, and machines to run the binaries on.
 * The binaries for this one are in `tests/binaries`.
 */

import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import {
  binaryName,
  compile,
  compileArgs,
  failure,
  MissingStubError,
  targetOf,
  TARGETS,
} from "../../lib/app/compile.ts";
import { UsageError } from "../../lib/app/usage_error.ts";

const OPTIONS = "compile --quiet --allow-net --no-prompt --deny-import --no-code-cache";

/** What Deno 2.7 says where it can't download the stub. */
const NO_STUB = `error: Writing deno compile executable to temporary file 'server.tmp-1'

Caused by:
    0: Setting up base binary.
    1: error sending request for url (https://example.com/denort.zip): dns error
    2: dns error

Stack backtrace:
   0: <unknown>
`;

Deno.test("a binary for this platform has network permission and no other", () => {
  const args = compileArgs({ entry: "server.ts", output: "dist/server", target: null });
  assertEquals(args.join(" "), `${OPTIONS} --output dist/server server.ts`);
});

Deno.test("every target has the same permissions, and Deno's name for it", () => {
  const triples = TARGETS.map((target) => {
    const args = compileArgs({ entry: "client.ts", output: "client", target });
    const [, triple = ""] = /--target (\S+)/.exec(args.join(" ")) ?? [];
    assertEquals(args.join(" "), `${OPTIONS} --target ${triple} --output client client.ts`);
    return [target.name, triple];
  });
  assertEquals(Object.fromEntries(triples), {
    "linux-x64": "x86_64-unknown-linux-gnu",
    "linux-arm64": "aarch64-unknown-linux-gnu",
    "macos-x64": "x86_64-apple-darwin",
    "macos-arm64": "aarch64-apple-darwin",
    "windows-x64": "x86_64-pc-windows-msvc",
  });
});

Deno.test("a target has a friendly name and a triple", () => {
  for (const target of TARGETS) {
    assertEquals(targetOf(target.name), target);
    assertEquals(targetOf(target.triple), target);
  }
});

Deno.test("an unknown target is told what is allowed", () => {
  const error = assertThrows(() => targetOf("linux-\x1b[31marm"), UsageError);
  const allowed = "linux-x64, linux-arm64, macos-x64, macos-arm64, windows-x64";
  assertEquals(error.message.endsWith(`: allowed are ${allowed}`), true, error.message);
  assertEquals(error.message.includes("\x1b"), false);
});

Deno.test("binaries for Windows end with .exe", () => {
  const names = TARGETS.map((target) => binaryName("server", target));
  assertEquals(names, ["server", "server", "server", "server", "server.exe"]);
  const here = Deno.build.os === "windows" ? "server.exe" : "server";
  assertEquals(binaryName("server", null), here);
});

Deno.test("a stub that can't be downloaded is one line", () => {
  const compilation = { entry: "server.ts", output: "server", target: targetOf("linux-arm64") };
  const error = failure(compilation, NO_STUB);
  assertEquals(error instanceof MissingStubError, true);
  assertEquals(
    error.message,
    "Cannot compile server.ts for linux-arm64: the runtime stub cannot be downloaded: " +
      "error sending request for url (https://example.com/denort.zip): dns error; " +
      "DENORT_BIN=FILE names a copy",
  );
});

Deno.test("a type error is said as Deno says it", () => {
  const said =
    "TS2322 [ERROR]: Type 'string' is not assignable to type 'number'.\n    at a.ts:1:7\n";
  const error = failure({ entry: "a.ts", output: "a", target: null }, said);
  assertEquals(error.message, `Cannot compile a.ts: ${said.trim()}`);
});

Deno.test("Deno takes every target; DENORT_BIN reaches it, and a wrong one is one line", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const DENORT_BIN = `${folder}/nothing-here`;
    for (const target of [null, ...TARGETS]) {
      const compilation = { entry: "lib/app/version.ts", output: `${folder}/version`, target };
      const { message } = await assertRejects(() => compile(compilation, { DENORT_BIN }));
      const what = target === null ? "" : ` for ${target.name}`;
      assertStringIncludes(message, `Cannot compile lib/app/version.ts${what}: `);
      assertStringIncludes(message, DENORT_BIN);
      assertEquals(message.includes("\n"), false, message);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("the command says in one line what was wrong with it, and compiles nothing", async () => {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", "lib/app/compile.ts", "linux-x64", "amiga"],
    cwd: new URL("../../", import.meta.url),
  }).output();
  assertEquals(code, 2);
  assertEquals(stdout.length, 0);
  assertEquals(
    new TextDecoder().decode(stderr),
    "Unknown target 'amiga': allowed are " +
      "linux-x64, linux-arm64, macos-x64, macos-arm64, windows-x64\n",
  );
});
