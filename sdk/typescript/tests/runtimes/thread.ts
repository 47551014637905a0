/** The walk in a worker thread of Node. */

import { Worker } from "node:worker_threads";

new Worker(new URL("./main.js", import.meta.url)).on("exit", (code) => (process.exitCode = code));
