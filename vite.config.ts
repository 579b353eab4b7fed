import { defineConfig } from "vite";

// Three islands (room, studio, moderate) and one style sheet; every other page is server-rendered.
export default defineConfig({
  base: "/static/dist/",
  publicDir: false,
  build: {
    outDir: "static/dist",
    emptyOutDir: true,
    manifest: "manifest.json",
    target: "es2022",
    // light-dark() as written: a lowered one is settled at :root and knows no dark part of a light page.
    cssTarget: ["chrome123", "firefox121", "safari17.5"],
    modulePreload: { polyfill: false },
    rollupOptions: {
      input: {
        site: "frontend/css/site.css",
        base: "frontend/src/base.ts",
        room: "frontend/src/room/main.ts",
        studio: "frontend/src/studio/main.ts",
        moderate: "frontend/src/moderate/main.ts",
      },
    },
  },
  worker: { format: "es" },
});
