// What items cost with the browser's own code: cases as JSON on stdin, prices on stdout.
import { build } from "rolldown";

const { output } = await build({ input: "frontend/src/room/deals.ts", write: false });
const { shownPrice } = await import(`data:text/javascript,${encodeURIComponent(output[0].code)}`);

let text = "";
for await (const chunk of process.stdin) text += chunk;
const prices = JSON.parse(text).map(({ item, board, at }) => {
  const { lowest, from, was } = shownPrice({ board, items: [item] }, item, at);
  return [lowest.minor, from, was];
});
process.stdout.write(JSON.stringify(prices));
