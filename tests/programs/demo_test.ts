/** The demonstration, as the README's first command runs it. */

import { assertEquals, assertStringIncludes } from "@std/assert";

const ROOT = new URL("../../", import.meta.url);

async function demo(...permissions: string[]): Promise<Deno.CommandOutput> {
  return await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", ...permissions, "lib/app/demo.ts"],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
  }).output();
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

Deno.test("the demonstration shows a clique, a choice, a talk and a farewell, and ends with 0", async () => {
  const { code, stdout, stderr } = await demo("--allow-net", "--allow-run", "--allow-read");
  assertEquals([code, text(stderr)], [0, ""]);
  const shown = text(stdout);
  for (
    const what of ["now knows 3 servers", "ada         attached to", "bob         attached to"]
  ) {
    assertStringIncludes(shown, what);
  }
  for (const what of ["ada -> bob", "bob -> ada", "ada -> *", "failed: no-such-name"]) {
    assertStringIncludes(shown, what);
  }
});

Deno.test("a demonstration that can't show it says so in one line, and does not end with 0", async () => {
  const { code, stderr } = await demo("--allow-net", "--allow-read");
  assertEquals(code, 1);
  assertEquals(text(stderr).trim().split("\n").length, 1);
  assertStringIncludes(text(stderr), "The demonstration failed: ");
});
