/**
 * Compiled exactly as our programs are, this tries everything that they need
 * not do, and prints what became of each attempt as one line of JSON. Its
 * arguments are a file that exists, one that doesn't, and a program.
 *
 * @module
 */

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

const [readable = "", writable = "", program = ""] = Deno.args;

const ATTEMPTS: Readonly<Record<string, () => unknown>> = {
  "read a file": () => Deno.readTextFile(readable),
  "read a file as Node does": () => readFileSync(readable),
  "list a folder": () => [...Deno.readDirSync(".")],
  "write a file": () => Deno.writeTextFile(writable, "x"),
  "remove a file": () => Deno.remove(readable),
  "make a temporary file": () => Deno.makeTempFile(),
  "run a program": () => new Deno.Command(program).output(),
  "run a program as Node does": () => execFileSync(program),
  "read the environment": () => Deno.env.toObject(),
  "read one variable": () => Deno.env.get("HOME"),
  "know the machine": () => Deno.hostname(),
  "call native code": () => Deno.dlopen(readable, {}),
  "be permitted to read": () => requested({ name: "read" }),
  "be permitted to write": () => requested({ name: "write" }),
  "be permitted to run programs": () => requested({ name: "run" }),
  "be permitted to import": () => requested({ name: "import" }),
  "use the network": () => Deno.listen({ hostname: "127.0.0.1", port: 0 }).close(),
};

/** Asks for a permission, which on a terminal asks whoever sits there. */
async function requested(permission: Deno.PermissionDescriptor): Promise<void> {
  const { state } = await Deno.permissions.request(permission);
  if (state !== "granted") throw new Deno.errors.NotCapable(state);
}

async function outcome(attempt: () => unknown): Promise<string> {
  try {
    await attempt();
    return "allowed";
  } catch (error) {
    return error instanceof Deno.errors.NotCapable ? "denied" : String(error);
  }
}

const outcomes: Record<string, string> = {};
for (const [what, attempt] of Object.entries(ATTEMPTS)) outcomes[what] = await outcome(attempt);
const isTerminal = Deno.stdin.isTerminal();
Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify({ isTerminal, outcomes })}\n`));
