import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// All but index.html lands in assets/ under a name with its hash: the server lets browsers keep those for a year.
export default defineConfig({
  base: "./", // the server fills in where it is: api/pages/static.py
  logLevel: "warn",
  plugins: [react()],
  build: {
    outDir: process.env.HOOKLINE_BUILD_FOLDER ?? "../../api/static/console",
    emptyOutDir: true,
    assetsInlineLimit: 0, // the policy allows no script in an address
    chunkSizeWarningLimit: 9999,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      // React Aria marks its files with "use client", which means nothing once they are bundled.
      onLog: (level, log, report) => log.code !== "MODULE_LEVEL_DIRECTIVE" && report(level, log),
    },
  },
});
