// A connected client of the Redis at a Unix socket.
import { createClient } from "redis";

export async function connect(path) {
  const client = createClient({ socket: { path, tls: false } });
  client.on("error", (error) => {
    console.error(error);
    process.exit(1);
  });
  await client.connect();
  return client;
}
