/**
 * All rows, in the order in which they are measured.
 *
 * @module
 */

import { accuracy } from "./accuracy.ts";
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
import type { Row, Setting } from "./setting.ts";

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

/** Something that has a table of its own, which compares with no peer and has no line in JSON. */
export interface Table {
  readonly name: string;
  readonly title: string;
  print(report: (line: string) => void, setting: Setting): Promise<void>;
}

/** Those that `--quick` leaves out unless they are named. */
export const TABLES: readonly Table[] = [
  {
    name: "accuracy",
    title: "The RTT that is reported, beside what a relay really held, and beside fping",
    print: accuracy,
  },
];
