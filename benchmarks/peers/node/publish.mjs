// Publishes to Socket.IO's room from another process: node publish.mjs REDIS
// Reads lines of stdin: `go RATE` begins, `stop` ends and tells {"first", "last", "behind_ms"}.
import { createInterface } from "node:readline";
import { Emitter } from "@socket.io/redis-emitter";
import { connect } from "./connect.mjs";

const room = new Emitter(await connect(process.argv[2])).to("room");
let last = 0;
let behind = 0;
let timer;
let due = 0;

function now() {
  return Number(process.hrtime.bigint());
}

function next(pause) {
  for (; now() >= due; due += pause) {
    behind = Math.max(behind, now() - due);
    last += 1;
    room.emit("event", {
      t: "ticker",
      s: last,
      name: "L***n",
      title: "Porcelain tea set for six, celadon glaze, in a box",
      qty: 1,
      at: now(),
    });
  }
  timer = setTimeout(next, Math.max(0, (due - now()) / 1e6), pause);
}

console.log(JSON.stringify({ ready: true }));
for await (const line of createInterface({ input: process.stdin })) {
  const [word, rate] = line.split(" ");
  clearTimeout(timer);
  if (word === "go") {
    due = now();
    behind = 0;
    next(1e9 / Number(rate));
  } else {
    console.log(JSON.stringify({ first: 1, last, behind_ms: behind / 1e6 }));
  }
}
process.exit(0);
