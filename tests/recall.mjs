// Puts told lines into known ones with the browser's own code: cases as JSON on stdin; on stdout the ids
// that are then kept and those that are then shown.
import { build } from "rolldown";

const { output } = await build({ input: "frontend/src/room/store.ts", write: false });
const { recall } = await import(`data:text/javascript,${encodeURIComponent(output[0].code)}`);

let text = "";
for await (const chunk of process.stdin) text += chunk;
const ids = (lines) => lines.map(({ id }) => id);
const done = JSON.parse(text).map(({ known, told }) => {
  const state = { chat: known };
  let shown = ids(known);
  const recalled = recall(state, told);
  if (!recalled) shown = ids(state.chat);
  for (const { line, before } of recalled ?? []) {
    shown.splice(before ? shown.indexOf(before) : shown.length, 0, line.id);
  }
  return { kept: ids(state.chat), shown: shown.slice(-120) };
});
process.stdout.write(JSON.stringify(done));
