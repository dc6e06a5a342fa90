/** The name of a colour or weight. */
export type Colour = "bold" | "dim" | "reverse" | "red" | "green" | "cyan";

/** The few colours in use, as parameters of the terminal's SGR sequence. */
const CODES: Readonly<Record<Colour, number>> = {
  bold: 1,
  dim: 2,
  reverse: 7,
  red: 31,
  green: 32,
  cyan: 36,
};

/**
 * The text in a colour; `text` must be clean already, as colours don't survive
 * cleaning.
 */
export function painted(text: string, colour: Colour): string {
  return `\u001b[${CODES[colour]}m${text}\u001b[0m`;
}
