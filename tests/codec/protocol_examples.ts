/**
 * The frames that `PROTOCOL.md` shows as examples, made by the codec. The
 * document names each of its examples by a key of this table.
 *
 * @module
 */

import * as base from "../../lib/codec/base.ts";
import { bye } from "../../lib/codec/bye.ts";
import { claim, claimed, gone, presence } from "../../lib/codec/claims.ts";
import { enrol, enrolled, refused } from "../../lib/codec/enrolment.ts";
import { join, welcome } from "../../lib/codec/handshake.ts";
import { matrixReply, matrixRequest, row } from "../../lib/codec/matrix.ts";
import { members } from "../../lib/codec/members.ts";
import { ackFrame } from "../../lib/codec/receipt.ts";
import { resolve, resolved } from "../../lib/codec/resolve.ts";
import { Status } from "../../lib/codec/status.ts";
import { writeStreamMessage } from "../../lib/codec/stream.ts";
import { tallyFrame } from "../../lib/codec/tally.ts";
import { noWay, via } from "../../lib/codec/via.ts";
import { nameNews, names, who } from "../../lib/codec/who.ts";
import { frame, Kind } from "../../lib/codec/wire.ts";

const ATTIC = { id: "3f9a0c51d2e4", label: "attic", addresses: ["192.0.2.7:4000"] };
const CELLAR = { id: "a1b2c3d4e5f6", label: "cellar", addresses: ["192.0.2.9:4000"] };
const ADA = { name: "ada", session: 111_111_111_111, token: "Y2hlZXNl", moves: 0 };
const BOB_SESSION = 222_222_222_222;
const CLAIM = { ...ADA, stamp: 7, server: ATTIC.id, base: false };
const DELIVERY = { sender: "ada", receiver: "bob", text: "hello there" };

const CELL = {
  to: CELLAR.id,
  state: "measured",
  minMs: 0.231,
  p50Ms: 0.254,
  jitterMs: 0.018,
  loss: 1 / 60,
  ageMs: 420,
  via: null,
} as const;
const FAILED_CELL = {
  to: "00c0ffee0000",
  state: "failed",
  minMs: null,
  p50Ms: null,
  jitterMs: null,
  loss: null,
  ageMs: null,
  via: null,
} as const;
const MATRIX = matrixReply({
  servers: [ATTIC],
  rows: [{ from: ATTIC.id, ageMs: 3_100, lagMs: 2.15, cells: [{ ...CELL, ageMs: 3_520 }] }],
});

/** What an acknowledgement or receipt of ada's third message to bob begins with. */
const THIRD = { to: ADA.session, from: BOB_SESSION, number: 3, everybody: false };

/** Every example of the document, by its name there. */
export const EXAMPLES: Readonly<Record<string, Uint8Array>> = {
  "0/0 clique request": base.cliqueRequest(4010),
  "1/0 clique reply": base.cliqueReply([
    { hostname: "127.0.0.1", port: 4000 },
    { hostname: "127.0.0.1", port: 4020 },
  ]),
  "2/0 join": base.baseJoin(4010),
  "33/0 join": base.baseJoin(4010, Kind.Join33),
  "2/1 register": base.register("ada"),
  "2/0 registered": frame(Kind.JoinOrRegistered),
  "30/0 name taken": frame(Kind.NameTaken),
  "3/0 message": base.baseMessage("bob", "hello there"),
  "3/0 delivery": base.delivery(DELIVERY),
  "4/0 forward": base.baseForward(DELIVERY),
  "5/0 servers request": frame(Kind.ServersRequest),
  "5/1 servers reply": base.serversReply([4010, 4020]),
  "6/0 echo": frame(Kind.Echo),
  "6/1 echo reply": frame(Kind.EchoReply),
  "7/0 close": frame(Kind.Close),
  "7/1 close reply": frame(Kind.CloseReply),
  "8/0 hello": frame(Kind.Hello),
  "8/1 welcome": welcome({ ...ATTIC, members: [CELLAR], base: [], clients: 2 }),
  "8/2 bye": bye("silent", "nothing came for 15000 ms"),
  "9/0 join": join(CELLAR),
  "9/1 accept": frame(Kind.Accept),
  "9/2 members": first(members({
    members: [CELLAR],
    base: ["127.0.0.1:4010"],
    left: ["00c0ffee0000"],
  })),
  "9/3 leaving": frame(Kind.Leaving),
  "10/0 presence": first(presence([CLAIM])),
  "10/1 claim": claim(12, CLAIM),
  "10/2 claimed": claimed(12),
  "10/3 gone": gone(ADA.session, false),
  "11/0 message": streamMessage(Kind.StreamMessage),
  "11/1 forward": streamMessage(Kind.StreamForward),
  "12/0 acknowledgement": ackFrame(Kind.Ack, {
    ...THIRD,
    status: Status.Delivered,
    homeStamp: 412,
    farStamp: 187,
  }),
  "12/1 receipt": ackFrame(Kind.Receipt, {
    ...THIRD,
    status: Status.Moving,
    homeStamp: 0,
    farStamp: 0,
  }),
  "12/2 tally": tallyFrame({
    to: ADA.session,
    server: ATTIC.id,
    number: 1,
    peers: 2,
    reached: 5,
    unconfirmed: 1,
    dropped: 0,
  }),
  "13/0 enrol": enrol(ADA),
  "13/1 enrolled": enrolled("ada"),
  "13/2 refused": refused({
    name: "ada",
    reason: "name-taken",
    message: "Cannot register ada: the name is taken",
  }),
  "14/0 resolve": resolve("bob"),
  "14/1 resolved": resolved({ name: "bob", session: BOB_SESSION, reason: null }),
  "15/0 who": who(true),
  "15/1 names": first(names([{ name: "ada", server: ATTIC.id }])),
  "15/1 names, the end": names([])[1] as Uint8Array,
  "16/0 via: the echo of a1b2c3d4e5f6 for 3f9a0c51d2e4": via({
    to: ATTIC.id,
    from: CELLAR.id,
    inner: frame(Kind.Echo),
  }),
  "16/1 no way": noWay(ATTIC.id),
  "17/0 row": first(row({ lagMs: 2.15, cells: [CELL, FAILED_CELL] })),
  "17/1 matrix request": matrixRequest(),
  "17/2 matrix reply": first(MATRIX),
  "17/2 matrix reply, a row": MATRIX[1] as Uint8Array,
  "17/2 matrix reply, the end": MATRIX[2] as Uint8Array,
  "15/1 names, news": nameNews("joined", { name: "bob", server: CELLAR.id }),
};

function streamMessage(kind: number): Uint8Array {
  const encoder = new TextEncoder();
  const address = {
    senderSession: ADA.session,
    receiverSession: BOB_SESSION,
    senderName: encoder.encode("ada"),
    receiverName: encoder.encode("bob"),
  };
  const bytes = new Uint8Array(57);
  const text = encoder.encode("hello there");
  writeStreamMessage(bytes, 0, { kind, address, number: 3, floor: 2, text });
  return bytes;
}

function first(frames: readonly Uint8Array[]): Uint8Array {
  const [frame] = frames;
  if (frame === undefined) throw new Error("Cannot show an example: there is no frame");
  return frame;
}
