import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// All but index.html lands in assets/ under a name with its hash: the server lets browsers keep those for a year.
export default defineConfig({
  base: "./", // the server fills in where it is: api/pages/static.py
  logLevel: "warn",
  plugins: [react()],
  worker: { format: "es" },
  build: {
    outDir: process.env.HOOKLINE_BUILD_FOLDER ?? "../../api/static/playground",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 9999,
    modulePreload: { polyfill: false },
    rolldownOptions: { onLog: reportUnlessDirective },
  },
});

// React's compiler marks its output with "use no memo", which means nothing any more once it is bundled.
function reportUnlessDirective(level, log, report) {
  if (log.code !== "MODULE_LEVEL_DIRECTIVE") report(level, log);
}
