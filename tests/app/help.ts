import { assert, assertEquals } from "@std/assert";

/** One usage line, and all of it visible on 80 x 24 above the next prompt. */
export function assertFitsTerminal(text: string): void {
  const lines = text.split("\n");
  assert(lines.length <= 23, `${lines.length} lines`);
  for (const line of lines) assert(line.length < 80, line);
  assertEquals(lines.filter((line) => line.startsWith("Usage: ")).length, 1);
}

/** The arguments of each example. */
export function examplesIn(text: string, program: string): string[][] {
  const [, examples = ""] = text.split("Examples:");
  return examples.split("\n").map((line) => {
    const [first, ...args] = line.trim().split(" ");
    assertEquals(first, program);
    return args;
  });
}
