import { assertEquals, assertThrows } from "@std/assert";
import { choice, secondsAsMs, wholeNumber } from "../../lib/app/option_values.ts";
import { UsageError } from "../../lib/app/usage_error.ts";

Deno.test("whole numbers", () => {
  const count = { option: "count", min: 1, max: 100 };
  assertEquals(wholeNumber("1", count), 1);
  assertEquals(wholeNumber("100", count), 100);
  assertEquals(wholeNumber("007", count), 7);
  const wrong = ["0", "101", "-1", "1.5", "1e1", "0x1", "ten", "", " 1", "1 "];
  for (const text of [...wrong, "9".repeat(400)]) {
    const error = assertThrows(() => wholeNumber(text, count), UsageError);
    assertEquals(
      error.message,
      `Option --count is '${text}': allowed are whole numbers from 1 to 100`,
    );
  }
});

Deno.test("seconds become milliseconds without float noise", () => {
  const zero = { option: "interval", zero: true };
  const cases: readonly [string, number][] = [
    ["0", 0],
    ["0.2", 200],
    ["0.07", 70],
    [".5", 500],
    ["1.", 1000],
    ["0.0005", 0.5],
    ["2147483", 2_147_483_000],
  ];
  for (const [text, ms] of cases) assertEquals(secondsAsMs(text, zero), ms);
});

Deno.test("seconds out of range, or none", () => {
  const wrong = [".", "1e3", "5s", "-1", "Infinity", "", " 1", "2147484"];
  for (const text of wrong) {
    const error = assertThrows(
      () => secondsAsMs(text, { option: "interval", zero: true }),
      UsageError,
    );
    assertEquals(
      error.message,
      `Option --interval is '${text}': allowed are seconds from 0 to 2147483`,
    );
  }
  for (const text of ["0", "0.0", "0.0000001", ...wrong]) {
    const error = assertThrows(
      () => secondsAsMs(text, { option: "timeout", zero: false }),
      UsageError,
    );
    assertEquals(
      error.message,
      `Option --timeout is '${text}': allowed are seconds above 0, to 2147483`,
    );
  }
});

Deno.test("choices", () => {
  const format = { option: "log-format", words: ["text", "json"] } as const;
  assertEquals(choice("json", format), "json");
  for (const text of ["xml", "JSON", ""]) {
    const error = assertThrows(() => choice(text, format), UsageError);
    assertEquals(
      error.message,
      `Option --log-format is '${text}': allowed are text, json`,
    );
  }
});
