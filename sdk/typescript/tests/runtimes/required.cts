/** The walk in Node, with the package as CommonJS. */

import sdk = require("charter-client");
import type { Package } from "../everywhere.js";

void import("../everywhere.js").then(async ({ walk }) => {
  console.log(await walk(sdk as unknown as Package, process.env["CHARTER_URL"] ?? "", process.env["CHARTER_ADMIN_PASSWORD"] ?? ""));
});
