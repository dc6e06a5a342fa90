/**
 * Completion in the shells themselves: somebody types, presses Tab, and looks
 * at what the shell made of it.
 */

import { assertEquals } from "@std/assert";
import { type ProgramName, run } from "../testing/program.ts";
import { Terminal, whyNoTerminal } from "../testing/terminal.ts";

/** What is typed before Tab, and what stands there afterwards. */
type Completed = readonly (readonly [typed: string, becomes: string])[];

const SERVER: Completed = [
  ["--lis", "--listen"],
  ["--log-f", "--log-format"],
  ["--log-format t", "--log-format text"],
  ["--log-level=de", "--log-level=debug"],
  ["--join a:1 --advertise b:2 --log-level w", "--join a:1 --advertise b:2 --log-level warn"],
  ["--vers", "--version"],
  ["serv", "service-unit"],
  ["--discover serv", "--discover service-unit"],
  ["--discover=attic serv", "--discover=attic service-unit"],
  ["--label x service-unit l", "--label x service-unit launchd"],
];

const CLIENT: Completed = [
  ["--na", "--name"],
  ["--dis", "--discover"],
  ["cha", "chat"],
  ["--name ada serve", "--name ada servers"],
  ["--name=x lis", "--name=x listen"],
  ["rtt --cou", "rtt --count"],
  ["rtt --wa", "rtt --watch"],
  ["--json mat", "--json matrix"],
  ["completion z", "completion zsh"],
  ["--json completion f", "--json completion fish"],
];

/** How each shell is started with nothing of its own, and told to read a script. */
const SHELLS: Readonly<Record<string, (script: string) => string[]>> = {
  bash: (script) => ["bash", "--noprofile", "--norc", "-c", bashStart(script)],
  zsh: (script) => ["zsh", "-f", "-c", zshStart(script)],
};

/** A shell that begins with these settings, at a prompt of its own. */
function bashStart(script: string): string {
  return `exec bash --noprofile --rcfile <(echo 'PS1="$ "; bind "set bell-style none"; ` +
    `source ${script}') -i`;
}

function zshStart(script: string): string {
  return `mkdir ${script}.d && echo 'PS1="$ "; ` +
    `autoload -U compinit; compinit -u -D; source ${script}' > ${script}.d/.zshrc && ` +
    `ZDOTDIR=${script}.d exec zsh -i`;
}

for (const [shell, start] of Object.entries(SHELLS)) {
  for (const [program, cases] of [["server", SERVER], ["client", CLIENT]] as const) {
    const why = await whyNotThere(shell) ?? await whyNoTerminal();
    const skipped = why === null ? "" : ` (skipped: ${why})`;
    Deno.test({
      name: `${shell} completes what the ${program} may be given${skipped}`,
      ignore: why !== null,
      fn: () =>
        withScript(program, shell, async (script) => {
          await using terminal = await Terminal.run(start(script));
          await terminal.ends("$");
          for (const [typed, becomes] of cases) {
            await terminal.type(`p2p-rtt-${program} ${typed}`);
            await terminal.press("Tab");
            // zsh writes the = of an option that takes a value.
            await terminal.ends(new RegExp(`^\\$ p2p-rtt-${program} ${becomes}=?$`));
            await terminal.press("C-u");
            await terminal.press("C-l");
            await terminal.is("$");
          }
        }),
    });
  }
}

const noFish = await whyNotThere("fish");
for (const [program, cases] of [["server", SERVER], ["client", CLIENT]] as const) {
  Deno.test({
    name: `fish completes what the ${program} may be given${
      noFish === null ? "" : ` (skipped: ${noFish})`
    }`,
    ignore: noFish !== null,
    fn: () =>
      withScript(program, "fish", async (script) => {
        const lines = cases.map(([typed]) => `complete -C 'p2p-rtt-${program} ${typed}'; echo .`);
        const out = await output("fish", ["-N", "-c", `source ${script}; ${lines.join("; ")}`]);
        const found = out.trimEnd().split(/^\.$/m).slice(0, -1)
          .map((words) => words.trim().split("\n").map((line) => line.split("\t")[0]));
        // What is typed is replaced by one word, and there is no other to choose from.
        assertEquals(found, cases.map(([, becomes]) => [becomes.split(" ").at(-1)]));
      }),
  });
}

Deno.test("every option and verb of the help is in each script", async () => {
  for (const program of ["server", "client"] as const) {
    const { out: help } = await run(program, ["--help"]);
    const options = [...help.join("\n").matchAll(/^ {2}(?:-\w, )?(--[a-z-]+)/gm)].map((it) =>
      it[1]
    );
    const verbs = help.slice(1).filter((line) => /^ {2}[a-z]/.test(line))
      .map((line) => line.trim().split(" ")[0]).filter((word) => word !== program);
    assertEquals(options.length > 8 && verbs.length > 1, true, help.join("\n"));
    for (const shell of ["bash", "zsh", "fish"]) {
      const { code, out, err } = await run(program, ["completion", shell]);
      assertEquals([code, err], [0, []]);
      const script = out.join("\n");
      for (const word of [...options, ...verbs]) {
        const bare = (word ?? "").replace(/^--/, "");
        const isIn = new RegExp(`(-l |--|['( ]|-a )${bare}\\b`).test(script);
        assertEquals(isIn, true, `${word} in ${shell}`);
      }
    }
  }
});

async function withScript(
  program: ProgramName,
  shell: string,
  test: (path: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const { code, out } = await run(program, ["completion", shell]);
    assertEquals(code, 0);
    const path = `${folder}/script`;
    await Deno.writeTextFile(path, `${out.join("\n")}\n`);
    await test(path);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function output(command: string, args: readonly string[]): Promise<string> {
  const { stdout, stderr } = await new Deno.Command(command, { args: [...args] }).output();
  const decoder = new TextDecoder();
  assertEquals(decoder.decode(stderr), "");
  return decoder.decode(stdout);
}

async function whyNotThere(shell: string): Promise<string | null> {
  try {
    await new Deno.Command(shell, { args: ["--version"], stdout: "null", stderr: "null" }).output();
    return null;
  } catch {
    return `${shell} is not installed`;
  }
}
