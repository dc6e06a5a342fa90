/**
 * Every example of both helps, run as it stands there: on hosts of a LAN that
 * has the address that they name.
 */

import { assert, assertEquals } from "@std/assert";
import { type Host, Lan, lanProblem } from "../testing/lan.ts";
import { Program, type ProgramName, run } from "../testing/program.ts";

const problem = await lanProblem();

/** The arguments of each example in a program's help. */
async function examplesOf(program: ProgramName): Promise<string[][]> {
  const { code, out } = await run(program, ["--help"]);
  assertEquals(code, 0);
  const first = out.findIndex((line) => line.startsWith("Examples:"));
  return out.slice(first).map((line) => {
    const [command, ...args] = line.replace("Examples:", "").trim().split(" ");
    assertEquals(command, program);
    return args;
  });
}

/** One of the examples; the test fails when the help has others than it runs. */
function taken(examples: string[][], word: string): string[] {
  const at = examples.findIndex((args) => args.includes(word));
  assert(at >= 0, `no example with ${word}`);
  return examples.splice(at, 1)[0] ?? [];
}

Deno.test({
  name: `every example in the help runs${problem === null ? "" : ` (skipped: ${problem})`}`,
  ignore: problem !== null,
  fn: async () => {
    const [servers, clients] = [await examplesOf("server"), await examplesOf("client")];
    await using lan = await Lan.create();
    const attic = await lan.host({ home: "192.168.1.10/24" });
    const cellar = await lan.host({ home: "192.168.1.11/24" });
    const start = (program: ProgramName, args: readonly string[], { by }: Host): Program =>
      new Program(program, args, { by });

    await using first = start("server", taken(servers, "--discover"), attic);
    await first.says(/^listening on \[::\]:4000$/);
    await using second = start("server", taken(servers, "--join"), cellar);
    await second.says("listening on 0.0.0.0:4000");
    await second.logs("linked to server");
    await first.logs("linked to server");

    await using ada = start("client", taken(clients, "--name"), cellar);
    await ada.logs(/^attached to .* as ada/);
    await using bob = start("client", ["listen", "--name", "bob", "--discover"], cellar);
    await bob.logs(/^attached to .* as bob/);
    await ada.type("bob hello");
    await bob.says(/^ada: hello$/);
    const sent = await run("client", taken(clients, "send"), { by: attic.by });
    assertEquals([sent.code, sent.err], [0, []]);
    await bob.says(/: see you at six$/);
    const rtt = await run("client", taken(clients, "rtt"), { by: cellar.by });
    assertEquals([rtt.code, rtt.err, rtt.out.length], [0, [], 2]);
    for (const line of rtt.out) assertEquals(JSON.parse(line)["received"], 50);

    await using alone = start("server", taken(servers, "--log-format"), attic);
    await alone.says(/^listening on 127\.0\.0\.1:\d+$/);
    await alone.logged({ event: "started" });
    assertEquals([...servers, ...clients], []);
  },
});
