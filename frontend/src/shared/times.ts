const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400], ["hour", 3_600], ["minute", 60], ["second", 1],
];

const SHAPES: Record<string, Intl.DateTimeFormatOptions> = {
  date: { year: "numeric", month: "short", day: "numeric" },
  time: { hour: "2-digit", minute: "2-digit" },
  datetime: { year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" },
  day: { weekday: "short", month: "short", day: "numeric" },
};

/** Write every `<time data-time="relative|date|time|datetime|day">` in the reader's own zone and language. */
export function showTimes(root: ParentNode = document): void {
  const language = document.documentElement.lang || undefined;
  const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
  for (const element of root.querySelectorAll<HTMLTimeElement>("time[data-time]")) {
    const moment = new Date(element.dateTime);
    if (Number.isNaN(moment.getTime())) continue;
    const shape = element.dataset.time ?? "datetime";
    const whole = new Intl.DateTimeFormat(language, SHAPES.datetime).format(moment);
    if (shape === "relative") {
      const seconds = Math.round((moment.getTime() - Date.now()) / 1000);
      const [unit, size] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? ["second", 1];
      element.textContent = relative.format(Math.trunc(seconds / size), unit);
      element.title = whole;
    } else {
      element.textContent = new Intl.DateTimeFormat(language, SHAPES[shape] ?? SHAPES.datetime).format(moment);
    }
  }
}
