import { assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../../lib/app/usage_error.ts";
import { parseOptions } from "./options.ts";

const ROWS = ["one-to-one", "mesh"];

Deno.test("everything is measured and told in tables, unless something else is asked for", () => {
  const options = { only: [], quick: false, json: false, list: false, help: false };
  assertEquals(parseOptions([], ROWS), options);
  const given = ["--only", "mesh", "--only=one-to-one", "--quick", "--json"];
  const asked = { ...options, only: ["mesh", "one-to-one"], quick: true, json: true };
  assertEquals(parseOptions(given, ROWS), asked);
});

Deno.test("a mistake gives one clear line", () => {
  const refused = (args: readonly string[], line: string): void => {
    assertThrows(() => parseOptions(args, ROWS), UsageError, line);
  };
  refused(["--only", "mash"], "Unknown row 'mash': did you mean mesh?");
  refused(["--only", "xyzzy"], "Unknown row 'xyzzy': allowed are one-to-one, mesh");
  refused(["mesh"], "Unexpected word 'mesh': a row is named by --only");
  refused(["--only"], "--only");
  refused(["--fast"], "--fast");
});
