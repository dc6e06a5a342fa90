/** Servers of ours that find each other, lose each other, and find each other again. */

import { assert, assertEquals } from "@std/assert";
import { Cluster, type ClusterServer } from "../testing/cluster.ts";
import { RawPeer } from "../testing/raw_peer.ts";
import { freePort, hasIpv6, lanAddress } from "../testing/network.ts";

const unlessIpv6 = hasIpv6() ? "" : " (skipped: this machine has no IPv6)";

/** Sends a message from a client at each server to each other one. */
async function everyoneToEveryone(
  cluster: Cluster,
  servers: readonly ClusterServer[],
): Promise<void> {
  const clients = await Promise.all(
    servers.map((server, index) => cluster.clientAt(server, `client${index}`)),
  );
  for (const { name } of clients) await cluster.knows(name);
  for (const from of clients) {
    for (const to of clients) if (from !== to) from.send(to.name, `to ${to.name}`);
  }
  for (const from of clients) {
    for (const to of clients.filter((to) => to !== from)) {
      assertEquals((await from.receipt(to.name, 1)).status, "delivered");
      assertEquals(to.texts(from.name), [`to ${to.name}`]);
    }
  }
  await Promise.all(clients.map((client) => client.quit()));
}

/** How `count` servers are told of each other: for each, the indexes of those it joins. */
const SHAPES: Readonly<Record<string, (count: number) => number[][]>> = {
  "a chain": (count) => indexes(count).map((index) => index === 0 ? [] : [index - 1]),
  "a chain that is told backwards": (count) =>
    indexes(count).map((index) => index === count - 1 ? [] : [index + 1]),
  "a star": (count) => indexes(count).map((index) => index === 0 ? [] : [0]),
  "a star whose middle joins the others": (count) =>
    indexes(count).map((index) => index === 0 ? indexes(count).slice(1) : []),
  "everyone who is told of everyone": (count) => indexes(count).map(() => indexes(count)),
};

function indexes(count: number): number[] {
  return [...Array(count).keys()];
}

for (const count of [3, 5]) {
  for (const [shape, joins] of Object.entries(SHAPES)) {
    Deno.test(`${count} servers that start at once form a clique: ${shape}`, async () => {
      await using cluster = new Cluster();
      const ports = indexes(count).map(() => freePort());
      const servers = joins(count).map((joined, index) =>
        cluster.server({
          port: ports[index] as number,
          join: joined.map((other) => `127.0.0.1:${ports[other]}`),
        })
      );
      await cluster.formed(count);
      await everyoneToEveryone(cluster, servers);
      await cluster.formed(count);
    });
  }
}

for (const smaller of ["first", "second"]) {
  Deno.test(`two servers that dial each other at once keep one link: the ${smaller} decides`, async () => {
    await using cluster = new Cluster();
    const ports = [freePort(), freePort()] as const;
    const ids = smaller === "first"
      ? ["000000000001", "000000000002"] as const
      : ["000000000002", "000000000001"] as const;
    const a = cluster.server({ port: ports[0], id: ids[0], join: [`127.0.0.1:${ports[1]}`] });
    const b = cluster.server({ port: ports[1], id: ids[1], join: [`127.0.0.1:${ports[0]}`] });
    await cluster.formed(2);
    await everyoneToEveryone(cluster, [a, b]);
    await cluster.formed(2);
  });
}

Deno.test("a server that comes late is linked to everyone, and learns every name", async () => {
  await using cluster = new Cluster();
  const first = cluster.server();
  const second = cluster.server({ join: [first.address] });
  await cluster.formed(2);
  const ada = await cluster.clientAt(first, "ada");
  const bob = await cluster.clientAt(second, "bob");
  const late = cluster.server({ join: [second.address] });
  await cluster.formed(3);
  await cluster.knows("ada");
  await cluster.knows("bob");
  const cy = await cluster.clientAt(late, "cy");
  cy.send("ada", "hello");
  assertEquals((await cy.receipt("ada", 1)).status, "delivered");
  ada.send("cy", "hello to you");
  await cy.received("ada", "hello to you");
  bob.send("cy", "and from me");
  await cy.received("bob", "and from me");
});

Deno.test("a server that dies is missed, and one at its address is taken for another", async () => {
  await using cluster = new Cluster();
  const first = cluster.server();
  const second = cluster.server({ port: freePort(), join: [first.address] });
  const third = cluster.server({ join: [first.address] });
  await cluster.formed(3);
  await cluster.clientAt(second, "ada");
  await cluster.knows("ada");

  await second[Symbol.asyncDispose]();
  await cluster.formed(2);
  await cluster.wantGone("ada");

  const again = cluster.server({ port: second.port });
  await cluster.formed(3);
  for (const server of [first, third]) {
    assert(!server.peerIds.includes(second.id));
    assert(server.peerIds.includes(again.id));
  }
  await everyoneToEveryone(cluster, [first, again, third]);
});

for (const which of ["joined", "joining"]) {
  Deno.test(`the ${which} one of two servers dies and comes back`, async () => {
    await using cluster = new Cluster();
    const joined = cluster.server({ port: freePort() });
    const joining = cluster.server({ port: freePort(), join: [joined.address] });
    await cluster.formed(2);
    const [dying, staying] = which === "joined" ? [joined, joining] : [joining, joined];
    for (const _ of [1, 2]) {
      const { port } = dying;
      await cluster.servers.find((server) => server !== staying)?.[Symbol.asyncDispose]();
      await staying.until("it lost the other", ({ peerIds }) => peerIds.length === 0);
      cluster.server({ port });
      await cluster.formed(2);
    }
    await everyoneToEveryone(cluster, cluster.servers);
  });
}

Deno.test("a server that leaves is gone at once, with its clients, for everyone", async () => {
  await using cluster = new Cluster();
  const first = cluster.server();
  const second = cluster.server({ join: [first.address] });
  const third = cluster.server({ join: [first.address] });
  await cluster.formed(3);
  const ada = cluster.client({ servers: [second.address, first.address], name: "ada" });
  await ada.attached();
  await cluster.knows("ada");
  await second.leave();
  await cluster.formed(2);
  // A client of its goes to another server, and keeps its name.
  await cluster.knows("ada");
  await ada.attached();
  assert(ada.home === first.address || ada.home === third.address);
});

const SELVES = ["127.0.0.1", "localhost"];
for (const self of SELVES) {
  Deno.test(`a server told to join itself as ${self} does without`, async () => {
    await using cluster = new Cluster();
    const port = freePort();
    const server = cluster.server({ port, join: [`${self}:${port}`] });
    await server.logged("self");
    await server.until("nothing is left of it", ({ connections }) => connections.length === 0);
    const other = cluster.server({ join: [server.address] });
    await cluster.formed(2);
    await everyoneToEveryone(cluster, [server, other]);
    assertEquals(server.log.filter(({ event }) => event === "self").length, 1);
  });
}

Deno.test({
  name: `a server told to join itself on all interfaces does without${unlessIpv6}`,
  ignore: !hasIpv6(),
  async fn(): Promise<void> {
    await using cluster = new Cluster();
    const port = freePort();
    const join = [`127.0.0.1:${port}`, `[::1]:${port}`, `localhost:${port}`];
    const server = cluster.server({ host: "::", port, join });
    await server.until(
      "it met itself at both addresses",
      ({ log, connections }) =>
        log.filter(({ event }) => event === "self").length === 2 && connections.length === 0,
    );
    cluster.server({ join: [`127.0.0.1:${port}`] });
    await cluster.formed(2);
  },
});

Deno.test("a server joins one that does not answer yet", async () => {
  await using cluster = new Cluster();
  const ports = [freePort(), freePort()];
  const join = ports.map((port) => `127.0.0.1:${port}`);
  const server = cluster.server({ join });
  for (const address of join) await server.logged("dial-failed", address);
  for (const port of ports) cluster.server({ port });
  await cluster.formed(3);
});

Deno.test({
  name: `servers on IPv6 and on both families form a clique${unlessIpv6}`,
  ignore: !hasIpv6(),
  async fn(): Promise<void> {
    await using cluster = new Cluster();
    const first = cluster.server({ host: "::1" });
    assertEquals(first.address, `[::1]:${first.port}`);
    const second = cluster.server({ host: "::1", join: [first.address] });
    const third = cluster.server({ host: "::", join: [second.address] });
    await cluster.formed(3);
    // One of IPv4 only learns of the others, but those on ::1 can be dialled all the same.
    const fourth = cluster.server({ join: [`127.0.0.1:${third.port}`] });
    await cluster.formed(4);
    await everyoneToEveryone(cluster, [first, second, third, fourth]);
  },
});

/** What a server says of itself to whoever dials `hostname`. */
async function addressesTold(server: ClusterServer, hostname: string): Promise<unknown> {
  await using peer = await RawPeer.dial(server.port, { hostname });
  await peer.write("08 00 0000 0000");
  return (await peer.json("8/1"))["addresses"];
}

Deno.test("a server tells the address that it was reached at", async () => {
  await using cluster = new Cluster();
  const one = cluster.server();
  assertEquals(await addressesTold(one, "127.0.0.1"), [one.address]);
  const all = cluster.server({ host: "0.0.0.0" });
  for (const host of ["127.0.0.1", "127.0.0.2"]) {
    assertEquals(await addressesTold(all, host), [`${host}:${all.port}`]);
  }
});

Deno.test({
  name:
    `a server on both families tells the address of the family that it was reached at${unlessIpv6}`,
  ignore: !hasIpv6(),
  async fn(): Promise<void> {
    await using cluster = new Cluster();
    const both = cluster.server({ host: "::" });
    assertEquals(await addressesTold(both, "127.0.0.1"), [`127.0.0.1:${both.port}`]);
    assertEquals(await addressesTold(both, "::1"), [`[::1]:${both.port}`]);
  },
});

const lan = lanAddress();
const unlessLan = lan === null ? " (skipped: hostname -I names no address of this machine)" : "";

Deno.test({
  name: `a server tells a loopback address over loopback links only${unlessLan}`,
  ignore: lan === null,
  async fn(): Promise<void> {
    await using cluster = new Cluster();
    const host = lan ?? "";
    const advertise = ["127.0.0.1:4999", "server.example:4999"];
    const server = cluster.server({ host: "0.0.0.0", advertise });
    assertEquals(await addressesTold(server, "127.0.0.1"), advertise);
    assertEquals(await addressesTold(server, host), ["server.example:4999"]);
    const plain = cluster.server({ host: "0.0.0.0" });
    assertEquals(await addressesTold(plain, host), [`${host}:${plain.port}`]);
  },
});

Deno.test({
  name: `a clique over an address of the LAN survives a restart at that address${unlessLan}`,
  ignore: lan === null,
  async fn(): Promise<void> {
    await using cluster = new Cluster();
    const host = lan ?? "";
    const first = cluster.server({ host });
    const second = cluster.server({ host, port: freePort(), join: [first.address] });
    const third = cluster.server({ host, join: [first.address] });
    await cluster.formed(3);
    await second[Symbol.asyncDispose]();
    await cluster.formed(2);
    const again = cluster.server({ host, port: second.port });
    await cluster.formed(3);
    await everyoneToEveryone(cluster, [first, again, third]);
  },
});

Deno.test("servers tell where they can be reached, whatever they listen on", async () => {
  await using cluster = new Cluster();
  const behind = cluster.server();
  const port = freePort();
  const told = `127.0.0.1:${port}`;
  // The one that is advertised doesn't answer: who was told of it says so.
  const first = cluster.server({ advertise: [told, behind.address] });
  const second = cluster.server({ join: [first.address] });
  await cluster.until("they are linked", () => second.peerIds.includes(first.id));
  await using peer = await RawPeer.dial(second.port);
  await peer.write("08 00 0000 0000");
  const { members } = await peer.json("8/1");
  assertEquals(members, [{ id: first.id, label: "", addresses: [told, behind.address] }]);
});
