// Socket.IO with the Redis adapter, as its documentation sets it up: node socketio.mjs PORT REDIS
import { createServer } from "node:http";
import { createAdapter } from "@socket.io/redis-adapter";
import { Server } from "socket.io";
import { connect } from "./connect.mjs";

const [port, path] = process.argv.slice(2);
const [publisher, subscriber] = [await connect(path), await connect(path)];
const server = createServer();
const io = new Server(server, { adapter: createAdapter(publisher, subscriber) });
io.on("connection", (socket) => socket.join("room"));
server.listen({ port: Number(port), host: "127.0.0.1", backlog: 4096 });
