// `ws` behind a Redis subscription, each message to each socket: node ws.mjs PORT REDIS CHANNEL
import { WebSocketServer } from "ws";
import { connect } from "./connect.mjs";

const [port, path, channel] = process.argv.slice(2);
const server = new WebSocketServer({ port: Number(port), host: "127.0.0.1", backlog: 4096 });
server.on("connection", (socket) => socket.on("error", () => socket.terminate()));
const subscriber = await connect(path);
await subscriber.subscribe(channel, (text) => {
  for (const socket of server.clients) socket.send(text);
});
