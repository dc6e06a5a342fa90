import { assert, assertEquals } from "@std/assert";
import { levelOf, LEVELS_MS, shaded } from "../../lib/app/ramp.ts";

Deno.test("ramp: a level begins where the one before it ends", () => {
  const cases: readonly [ms: number, level: number][] = [
    [0.001, 0],
    [0.249, 0],
    [0.25, 1],
    [1, 3],
    [9.99, 5],
    [49.9, 6],
    [50, 7],
    [10_000, 7],
  ];
  for (const [ms, level] of cases) assertEquals(levelOf(ms), level, `${ms} ms`);
});

Deno.test("ramp: each level is brighter than the one before it, and its letters stand out", () => {
  const levels = [...LEVELS_MS.keys(), LEVELS_MS.length];
  const colours = levels.map((level) => {
    const [, letters, background] = /38;5;(\d+);48;5;(\d+)m/.exec(shaded("x", level)) ?? [];
    return { letters: brightness(Number(letters)), background: brightness(Number(background)) };
  });
  for (const [at, { letters, background }] of colours.entries()) {
    assert(at === 0 || background > (colours[at - 1]?.background ?? 1), `level ${at}`);
    const [dark = 0, bright = 0] = [letters, background].sort((a, b) => a - b);
    // What WCAG asks for: 4.5 to 1.
    assert((bright + 0.05) / (dark + 0.05) >= 4.5, `letters of level ${at}`);
  }
});

/** The relative luminance of one of a terminal's 256 colours, 0 to 1. */
function brightness(colour: number): number {
  if (colour >= 232) return linear(8 + 10 * (colour - 232));
  const [red, green, blue] = [36, 6, 1].map((step) => {
    const share = Math.floor((colour - 16) / step) % 6;
    return linear(share === 0 ? 0 : 55 + 40 * share);
  });
  return 0.2126 * (red ?? 0) + 0.7152 * (green ?? 0) + 0.0722 * (blue ?? 0);
}

function linear(value: number): number {
  const share = value / 255;
  return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
}
