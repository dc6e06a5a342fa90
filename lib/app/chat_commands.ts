/**
 * What may stand at the beginning of a line of chat.
 *
 * @module
 */

import type { Completion } from "./line_editor.ts";
import { suggest } from "./suggest.ts";
import { quoted } from "./usage_error.ts";

/** What `/help` shows, narrow enough for 40 columns. */
export const CHAT_HELP = [
  "NAME TEXT   send TEXT to NAME",
  "ada,bob HI  send HI to ada and to bob",
  "* TEXT      send TEXT to everybody",
  "/who        who is here",
  "/servers    the servers of the clique",
  "/rtt        how far away they are",
  "/matrix     how far from each other",
  "/name NAME  take another name",
  "/help       this",
  "/quit       leave, as Ctrl-D does",
];

/** The commands of a chat. */
export const COMMANDS = ["/who", "/servers", "/rtt", "/matrix", "/name", "/help", "/quit"] as const;

/** What is wrong with a line that begins with `command`. */
export function commandProblem(command: string): string {
  if (COMMANDS.some((known) => known === command)) {
    return `Unexpected words behind ${command}: it takes none`;
  }
  const meant = suggest(command, COMMANDS);
  const advice = meant === null ? "see /help" : `did you mean ${meant}?`;
  return `Unknown command ${quoted(command)}: ${advice}`;
}

/** Commands at the beginning of a line, and names where one is expected; not one's own. */
export function completionOf(
  before: string,
  { names, own }: { readonly names: Iterable<string>; readonly own: string | null },
): Completion {
  if (before.startsWith("/")) {
    const commands = COMMANDS.filter((command) => command.startsWith(before));
    return [commands.map((command) => command === "/name" ? `${command} ` : command), before];
  }
  const given = before.split(",").map((name) => name.replace(/^@/, ""));
  const part = given.pop() ?? "";
  if (/\s/.test(before)) return [[], part];
  const fitting = [...names].sort()
    .filter((name) => name.startsWith(part) && name !== own && !given.includes(name));
  return [fitting.map((name) => `${name} `), part];
}
