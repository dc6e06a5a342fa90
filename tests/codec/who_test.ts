import { assert, assertEquals } from "@std/assert";
import { Kind, MAX_PAYLOAD_BYTES } from "../../lib/codec/wire.ts";
import {
  decodeNames,
  decodeWho,
  type NameCard,
  nameNews,
  names,
  who,
} from "../../lib/codec/who.ts";
import { pick } from "../testing/random.ts";
import {
  assertAllMalformed,
  jsonPayload,
  LIST,
  payloadOf,
  testDecoder,
  testRoundTrip,
  type Values,
} from "./control_frames.ts";

function randomNameCard(values: Values): NameCard {
  return { name: values.text(), server: values.text() };
}

testRoundTrip("who", (values) => {
  const sent = values.flag();
  return { sent, came: decodeWho(payloadOf(Kind.Who, who(sent))) };
});

testRoundTrip("names", (values) => {
  const clients = values.list(() => randomNameCard(values));
  const came = names(clients).map((frame) => decodeNames(payloadOf(Kind.Names, frame)));
  const none = { joined: [], left: [] };
  const sent = [
    { reset: true, done: false, clients, ...none },
    { reset: false, done: true, clients: [], ...none },
  ];
  return { sent, came };
});

testRoundTrip("name news", (values) => {
  const change = pick(values.random, ["joined", "left"] as const);
  const client = randomNameCard(values);
  const frame = nameNews(change, client);
  const none = { reset: false, done: false, clients: [], joined: [], left: [] };
  const came = decodeNames(payloadOf(Kind.Names, frame));
  return { sent: { ...none, [change]: [client] }, came };
});

testDecoder("who", {
  decode: decodeWho,
  body: { watch: true },
  kind: "15/0",
  wrong: [],
});

testDecoder("names", {
  decode: decodeNames,
  body: { reset: true, clients: [{ name: "ada", server: "0123456789ab" }] },
  kind: "15/1",
  wrong: [
    ["clients", {}, LIST],
    ["joined", "ada", LIST],
    ["left", 1, LIST],
  ],
});

Deno.test("wrong types inside lists of names are malformed", () => {
  assertAllMalformed(decodeNames, [
    [{ joined: [{ name: "ada" }] }, "15/1: 'server' is not a string"],
  ]);
});

Deno.test("whether somebody watches may be missing", () => {
  assertEquals(decodeWho(jsonPayload({})), false);
});

Deno.test("ten thousand names: as presence, with an end that is marked", () => {
  const clients = Array.from({ length: 10_000 }, (_, at) => ({
    name: `client-${at}`,
    server: "0123456789ab",
  }));
  const frames = names(clients);
  const news = frames.map((frame) => decodeNames(payloadOf(Kind.Names, frame)));
  assert(frames.every((frame) => frame.length <= 6 + MAX_PAYLOAD_BYTES));
  assertEquals(news.map(({ reset }) => reset), news.map((_, at) => at === 0));
  assertEquals(news.map(({ done }) => done), news.map((_, at) => at === news.length - 1));
  assert(news.slice(0, -1).every((chunk) => chunk.clients.length > 0));
  assertEquals(news.flatMap((chunk) => chunk.clients), clients);
});

Deno.test("no name is a whole list too", () => {
  assertEquals(names([]).length, 2);
});
