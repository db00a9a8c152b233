import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";
import { leadOf, titleOf } from "./src/pages/docs/headings";

// JANUS_URL: the gateway that `npm run dev` passes calls on to.
const gateway = process.env.JANUS_URL ?? "http://127.0.0.1:8000";
const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** virtual:docs: what each of docs/*.md is called and begins with, so that a list of them needs none of them. */
function docs(): Plugin {
  const name = "virtual:docs";
  const dir = here("../docs");
  return {
    name: "janus-docs",
    resolveId: (id) => (id === name ? `\0${name}` : null),
    load(id) {
      if (id !== `\0${name}`) return null;
      const pages = readdirSync(dir)
        .filter((file) => file.endsWith(".md"))
        .map((file) => {
          const text = readFileSync(`${dir}/${file}`, "utf8");
          this.addWatchFile(`${dir}/${file}`);
          return { page: file.slice(0, -3), title: titleOf(text), lead: leadOf(text) };
        });
      return `export const pages = ${JSON.stringify(pages)};`;
    },
  };
}

export default defineConfig({
  plugins: [react(), tailwindcss(), docs()],
  resolve: { alias: { "@": here("./src") } },
  build: {
    outDir: here("../build/ui"),
    emptyOutDir: true,
    target: "es2023",
    assetsInlineLimit: 0, // the CSP allows data: for images only
    chunkSizeWarningLimit: 1200,
    modulePreload: { polyfill: false },
    // the page, and the documents of the sandboxed frames in it
    rollupOptions: { input: ["index.html", "frame/mermaid.html", "frame/document.html"].map((path) => here(`./${path}`)) },
  },
  server: {
    cors: { origin: "*" }, // the frames have an origin of nobody's
    proxy: Object.fromEntries(
      ["/v1", "/api", "/health", "/livez", "/readyz", "/metrics", "/openapi.json"].map((path) => [path, gateway]),
    ),
    fs: { allow: [here(".."), here(".")] },
  },
  // a test that hangs is given up; one that is slow is not
  test: { environment: "happy-dom", testTimeout: 120_000, hookTimeout: 120_000, include: ["test/**/*.test.ts", "test/**/*.test.tsx"] },
});
