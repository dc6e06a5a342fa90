import { assertEquals } from "@std/assert";
import { Multicast } from "../../lib/net/multicast.ts";

/** Port and group are the test's own, and nothing leaves this machine. */
const PORT = 24_040;
const GROUP = "239.255.112.113";

interface Received {
  readonly text: string;
  readonly hostname: string;
}

function onLoopback(onDatagram: (received: Received) => void, more: string[] = []): Multicast {
  return new Multicast({
    port: PORT,
    ipv4Group: GROUP,
    ipv6Group: null,
    ipv4Addresses: ["127.0.0.1", ...more],
    defaultLink: false,
    onDatagram: (datagram, hostname) =>
      onDatagram({ text: new TextDecoder().decode(datagram), hostname }),
  });
}

Deno.test("several programs of one machine hear each other, and themselves", async () => {
  const heard = [Promise.withResolvers<Received>(), Promise.withResolvers<Received>()];
  using first = onLoopback((received) => heard[0]?.resolve(received));
  using second = onLoopback((received) => heard[1]?.resolve(received));
  await first.refresh();
  await second.refresh();
  first.send(new TextEncoder().encode("hello"));
  const received = await Promise.all(heard.map(({ promise }) => promise));
  assertEquals(received, Array(2).fill({ text: "hello", hostname: "127.0.0.1" }));
});

Deno.test("an address that is not this machine's is no link, and does no harm", async () => {
  const heard = Promise.withResolvers<Received>();
  using multicast = onLoopback(heard.resolve, ["192.0.2.1"]);
  await multicast.refresh();
  assertEquals(multicast.links, ["127.0.0.1"]);
  await multicast.refresh();
  assertEquals(multicast.links, ["127.0.0.1"]);
  multicast.send(new TextEncoder().encode("hello"));
  assertEquals((await heard.promise).text, "hello");
});

Deno.test("nothing is opened after the end", async () => {
  const multicast = onLoopback(() => {});
  const refreshed = multicast.refresh();
  multicast[Symbol.dispose]();
  await refreshed;
  assertEquals(multicast.links, []);
  multicast.send(new Uint8Array(1));
});
