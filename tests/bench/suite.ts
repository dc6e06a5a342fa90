/**
 * All rows, in the order in which they are measured.
 *
 * @module
 */

import { BROADCAST } from "./row_broadcast.ts";
import { CHOOSE } from "./row_choose.ts";
import { CLIENTS } from "./row_clients.ts";
import { CLOSED, SINGLE } from "./row_closed.ts";
import { ECHO } from "./row_echo.ts";
import { FAILOVER } from "./row_failover.ts";
import { FOUR_TO_FOUR, ONE_TO_ONE, ONE_TO_ONE_2 } from "./row_forward.ts";
import { FROZEN } from "./row_frozen.ts";
import { MESH } from "./row_mesh.ts";
import { START } from "./row_start.ts";
import type { Row } from "./setting.ts";

/** Every row of the suite. */
export const ROWS: readonly Row[] = [
  ONE_TO_ONE,
  ONE_TO_ONE_2,
  FOUR_TO_FOUR,
  ...CLOSED,
  ...SINGLE,
  ECHO,
  BROADCAST,
  FROZEN,
  CLIENTS,
  START,
  MESH,
  CHOOSE,
  FAILOVER,
];
