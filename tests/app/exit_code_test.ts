import { assertEquals } from "@std/assert";
import { ExitCode } from "../../lib/app/exit_code.ts";

Deno.test("scripts rely on these exit codes", () => {
  assertEquals<Readonly<Record<string, number>>>(ExitCode, {
    done: 0,
    undelivered: 1,
    usage: 2,
    unreachable: 3,
    refused: 4,
    nameTaken: 5,
    interrupted: 130,
  });
});
