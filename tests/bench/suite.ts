/**
 * All rows, in the order in which they are measured.
 *
 * @module
 */

import { CLOSED, SINGLE } from "./row_closed.ts";
import { ECHO } from "./row_echo.ts";
import { FOUR_TO_FOUR, ONE_TO_ONE, ONE_TO_ONE_2 } from "./row_forward.ts";
import type { Row } from "./setting.ts";

/** Every row of the suite. */
export const ROWS: readonly Row[] = [
  ONE_TO_ONE,
  ONE_TO_ONE_2,
  FOUR_TO_FOUR,
  ...CLOSED,
  ...SINGLE,
  ECHO,
];
