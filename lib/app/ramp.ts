/**
 * Colours for times: the longer, the brighter. Their brightness tells them
 * apart for whoever does not see all colours; the number stands beside it.
 *
 * @module
 */

/** Where the next level begins, in ms: from a LAN at rest to what people feel. */
export const LEVELS_MS = [0.25, 0.5, 1, 2.5, 5, 10, 50] as const;

/** The background of each level, of a terminal's 256 colours: viridis, as near as there is. */
const BACKGROUNDS = [53, 54, 24, 30, 36, 77, 148, 226] as const;

/** From this level on letters are black, below white. */
const FIRST_BRIGHT = 3;

/** The level of a time, from 0: short. */
export function levelOf(ms: number): number {
  const level = LEVELS_MS.findIndex((limit) => ms < limit);
  return level < 0 ? LEVELS_MS.length : level;
}

/** The text on the colour of a level; `text` must be clean already. */
export function shaded(text: string, level: number): string {
  const background = BACKGROUNDS[level] ?? BACKGROUNDS[BACKGROUNDS.length - 1];
  const letters = level < FIRST_BRIGHT ? 255 : 16;
  return `\u001b[38;5;${letters};48;5;${background}m${text}\u001b[0m`;
}
