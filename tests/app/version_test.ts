import { assertEquals } from "@std/assert";
import config from "../../deno.json" with { type: "json" };
import { VERSION, VERSION_TEXT } from "../../lib/app/version.ts";

Deno.test("the programs' version is the project's", () => {
  assertEquals(VERSION, config.version);
  assertEquals(VERSION_TEXT, `p2p-rtt ${config.version}`);
});
