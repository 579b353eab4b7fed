// Folds room events with the browser's own code: cases as JSON on stdin, folded snapshots on stdout.
import { build } from "rolldown";

const { output } = await build({ input: "frontend/src/room/store.ts", write: false });
const { fold } = await import(`data:text/javascript,${encodeURIComponent(output[0].code)}`);

let text = "";
for await (const chunk of process.stdin) text += chunk;
const folded = JSON.parse(text).map(({ snapshot, events }) => {
  for (const event of events) fold(snapshot, event);
  return snapshot;
});
process.stdout.write(JSON.stringify(folded));
