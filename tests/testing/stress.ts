/**
 * The tests again and again, every second time with both cores busy: a flaky
 * test is a broken one. `deno task stress [RUNS]`, ten by default.
 *
 * @module
 */

const runs = Number(Deno.args[0] ?? 10);
const BUSY_CORES = 2;
const BUSY_LOOP = "while (true) Math.sqrt(Math.random());";

function report(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

function busy(): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), { args: ["eval", BUSY_LOOP] }).spawn();
}

let failures = 0;
for (let run = 1; run <= runs; run++) {
  const load = run % 2 === 0 ? Array.from({ length: BUSY_CORES }, busy) : [];
  const started = performance.now();
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", "test"],
    stdout: "piped",
    stderr: "piped",
  }).output();
  for (const process of load) {
    process.kill("SIGKILL");
    await process.status;
  }
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  const how = load.length > 0 ? "both cores busy" : "idle machine";
  report(`run ${run} of ${runs}: ${success ? "passed" : "FAILED"} in ${seconds} s, ${how}`);
  if (success) continue;
  failures++;
  report(new TextDecoder().decode(stdout));
  report(new TextDecoder().decode(stderr));
}
report(`${runs - failures} passed, ${failures} failed`);
Deno.exit(failures === 0 ? 0 : 1);
