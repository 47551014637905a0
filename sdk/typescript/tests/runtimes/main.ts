/** The walk in Node, Deno or Bun, with the package as ES modules. */

import process from "node:process";

import * as sdk from "charter-client";

import { walk } from "../everywhere.js";

console.log(await walk(sdk, process.env["CHARTER_URL"] ?? "", process.env["CHARTER_ADMIN_PASSWORD"] ?? ""));
