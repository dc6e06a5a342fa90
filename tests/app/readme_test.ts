import { assert, assertEquals } from "@std/assert";
import { parseClientArgs } from "../../lib/app/client_args.ts";
import { parseServerArgs } from "../../lib/app/server_args.ts";

const readme = await Deno.readTextFile(new URL("../../README.md", import.meta.url));

Deno.test("the README shows the help of both programs as it is", () => {
  for (const command of [parseServerArgs(["--help"]), parseClientArgs(["--help"])]) {
    assert(command.kind === "help");
    assertEquals(readme.includes(command.text), true, command.text);
  }
});

Deno.test("every task that the README names exists", async () => {
  const config = JSON.parse(
    await Deno.readTextFile(new URL("../../deno.json", import.meta.url)),
  ) as { tasks: Record<string, unknown> };
  const named = [...readme.matchAll(/\btask ([a-z]+)/g)].map((match) => match[1] ?? "");
  assert(named.length > 0);
  assertEquals(named.filter((task) => !(task in config.tasks)), []);
});

Deno.test("every file that the README and the protocol name exists", async () => {
  const protocol = await Deno.readTextFile(new URL("../../PROTOCOL.md", import.meta.url));
  const named = [...`${readme}\n${protocol}`.matchAll(/`((?:lib|tests)\/[\w/.]+)`/g)]
    .map((match) => match[1] ?? "");
  assert(named.length > 0);
  for (const path of new Set(named)) await Deno.stat(new URL(`../../${path}`, import.meta.url));
});
