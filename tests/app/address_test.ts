import { addressText } from "../../lib/core/address.ts";
import { assertEquals, assertThrows } from "@std/assert";
import { parseAddress, parseAdvertisedAddress, parseListenAddress } from "../../lib/app/address.ts";
import { UsageError } from "../../lib/app/usage_error.ts";

const GOOD: readonly [text: string, hostname: string, port: number][] = [
  ["localhost:4000", "localhost", 4000],
  ["attic.example.org:1", "attic.example.org", 1],
  ["attic.local.:4000", "attic.local.", 4000],
  ["my_host-2:65535", "my_host-2", 65535],
  ["dachboden-süd.local:4000", "dachboden-süd.local", 4000],
  ["192.168.1.10:4000", "192.168.1.10", 4000],
  ["[::1]:4000", "::1", 4000],
  ["[2001:db8::1]:4000", "2001:db8::1", 4000],
  ["[::ffff:10.0.0.1]:4000", "::ffff:10.0.0.1", 4000],
  ["[fe80::1%eth0]:4000", "fe80::1%eth0", 4000],
];

const BAD: readonly [text: string, problem: string][] = [
  ["", "the port is missing, write HOST:PORT"],
  ["foo", "the port is missing, write HOST:PORT"],
  ["4000", "the port is missing, write HOST:PORT"],
  ["foo:", "the port is missing, write HOST:PORT"],
  ["[::1]", "the port is missing, write HOST:PORT"],
  ["[::1]:", "the port is missing, write HOST:PORT"],
  [":4000", "the host is missing"],
  [":", "the host is missing"],
  ["foo:99999", "the port is out of range, allowed are 1 to 65535"],
  ["foo:65536", "the port is out of range, allowed are 1 to 65535"],
  ["foo:0", "the port is out of range, allowed are 1 to 65535"],
  ["foo:-1", "the port is out of range, allowed are 1 to 65535"],
  ["foo:12ab", "the port '12ab' is not a whole number"],
  ["foo:0x10", "the port '0x10' is not a whole number"],
  ["foo:1e3", "the port '1e3' is not a whole number"],
  ["foo:4000.5", "the port '4000.5' is not a whole number"],
  ["foo: 4000", "the port ' 4000' is not a whole number"],
  ["foo:http", "the port 'http' is not a whole number"],
  ["::1:4000", "write an IPv6 address in brackets, such as [::1]:4000"],
  ["[::1:4000", "write an IPv6 address in brackets, such as [::1]:4000"],
  ["a:b:1", "write an IPv6 address in brackets, such as [::1]:4000"],
  ["[::1]4000", "the port is missing, write HOST:PORT"],
  ["[::1]x:4000", "after ']' comes ':' and the port"],
  ["[]:4000", "'' is not an IPv6 address"],
  ["[1::2::3]:4000", "'1::2::3' is not an IPv6 address"],
  ["[127.0.0.1]:4000", "'127.0.0.1' is not an IPv6 address"],
  ["[fe80::1%]:4000", "'fe80::1%' is not an IPv6 address"],
  ["[fe80::1]:4000", "it means a host on one link only, name that: [fe80::1%eth0]"],
  ["256.0.0.1:4000", "'256.0.0.1' is not an IPv4 address"],
  ["127.1:4000", "'127.1' is not an IPv4 address"],
  ["4000:4000", "'4000' is not an IPv4 address"],
  ["a b:4000", "'a b' is not a host name"],
  ["a..b:4000", "'a..b' is not a host name"],
  ["user@foo:4000", "'user@foo' is not a host name"],
  [`${"x".repeat(64)}:1`, `'${"x".repeat(64)}' is not a host name`],
  ["http://foo:4000", "write HOST:PORT, without a scheme or a path"],
  ["foo:4000/path", "write HOST:PORT, without a scheme or a path"],
];

Deno.test("addresses that can be read, and come back as written", () => {
  for (const [text, hostname, port] of GOOD) {
    for (
      const parse of [parseAddress, parseListenAddress, parseAdvertisedAddress]
    ) {
      assertEquals(parse(text), { hostname, port });
    }
    assertEquals(addressText({ hostname, port }), text);
  }
});

Deno.test("addresses that cannot be read, and why", () => {
  for (const [text, problem] of BAD) {
    const error = assertThrows(() => parseAddress(text), UsageError);
    assertEquals(error.message, `Cannot read address '${text}': ${problem}`);
  }
});

Deno.test("a listen address may leave out the host and ask for any port", () => {
  const parse = parseListenAddress;
  assertEquals(parse(":4000"), { hostname: "0.0.0.0", port: 4000 });
  assertEquals(parse(":0"), { hostname: "0.0.0.0", port: 0 });
  assertEquals(parse("127.0.0.1:0"), { hostname: "127.0.0.1", port: 0 });
  assertEquals(parse("[::]:4000"), { hostname: "::", port: 4000 });
});

Deno.test("a listen address has its own range of ports", () => {
  const error = assertThrows(() => parseListenAddress(":65536"), UsageError);
  assertEquals(
    error.message,
    "Cannot read address ':65536': the port is out of range, allowed are 0 to 65535",
  );
});

Deno.test("what stands for all interfaces cannot be advertised", () => {
  for (const text of ["0.0.0.0:4000", "[::]:4000", "[0:0:0:0:0:0:0:0]:4000"]) {
    const error = assertThrows(() => parseAdvertisedAddress(text), UsageError);
    assertEquals(
      error.message,
      `Cannot advertise address '${text}': it stands for all interfaces, ` +
        "name one that others can reach",
    );
  }
});

Deno.test("an error message stays one harmless line", () => {
  const error = assertThrows(() => parseAddress("a\n\u001b[2Jb:1"), UsageError);
  assertEquals(
    error.message,
    "Cannot read address 'a b:1': 'a b' is not a host name",
  );
});
