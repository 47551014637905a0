/** Sign in with an account of one's own, and leave the tokens in the file that the environment names. */

import { writeFileSync } from "node:fs";

import { person } from "./support.js";

const { client } = await person("early");
writeFileSync(process.env["CHARTER_OLD_TOKENS"] ?? "", JSON.stringify(await client.getTokens()), { mode: 0o600 });
