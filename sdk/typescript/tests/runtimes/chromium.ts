/** The walk in Chromium, in a page that loads the ES modules of the package and in a web worker that loads a bundle. */

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";

import { chromium } from "playwright-core";

const TYPES: Readonly<Record<string, string>> = { ".html": "text/html", ".js": "text/javascript" };
const PAGE = `<!doctype html><title>The walk</title>
<script type="importmap">{"imports": {"charter-client": "/node_modules/charter-client/dist/esm/index.js"}}</script>
<script type="module" src="/made/runtimes/page.js"></script>`;

const [url, password, port] = ["CHARTER_URL", "CHARTER_ADMIN_PASSWORD", "PAGE_PORT"].map((name) => process.env[name] ?? "");

const pages = createServer((request, response) => {
  const path = normalize(new URL(request.url ?? "/", "http://page").pathname);
  const content = path === "/" ? Promise.resolve(PAGE) : readFile(join(process.cwd(), path));
  content.then(
    (text) => response.writeHead(200, { "Content-Type": TYPES[extname(path) || ".html"] ?? "text/plain" }).end(text),
    () => response.writeHead(404).end(),
  );
});
await new Promise<void>((resolve) => pages.listen(Number(port), "127.0.0.1", resolve));

const browser = await chromium.launch({ executablePath: process.env["CHROMIUM"] ?? "", args: ["--no-sandbox"] });
try {
  console.log(`Chromium ${browser.version()}`);
  const page = await browser.newPage();
  page.on("pageerror", (error) => console.error(error));
  await page.goto(`http://127.0.0.1:${port}/`);
  await page.waitForFunction("globalThis.walk");
  const words = [url, password] as const;
  console.log(`page: ${await page.evaluate(([at, phrase]) => (globalThis as unknown as Walking).walk(at ?? "", phrase ?? ""), words)}`);
  const worked = await page.evaluate(inWorker, words);
  if (worked.error !== undefined) throw new Error(worked.error);
  console.log(`web worker: ${worked.message}`);
} finally {
  await browser.close();
  pages.close();
}

interface Walking {
  walk(baseUrl: string, password: string): Promise<string>;
}

interface Worked {
  message?: string;
  error?: string;
}

// It runs in the page, so it uses nothing of this module.
function inWorker(words: readonly (string | undefined)[]): Promise<Worked> {
  return new Promise((resolve, reject) => {
    const worker = new Worker("/made/page.bundle.js");
    worker.onmessage = (event: MessageEvent<Worked>) => resolve(event.data);
    worker.onerror = (event) => reject(new Error(event.message));
    worker.postMessage(words);
  });
}
