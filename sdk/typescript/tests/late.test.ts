/** What happens after the access token of a minute has expired; the file of the environment has tokens that old. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { Charter, InvalidToken, MemoryStore, StepUpRequired, type StoredTokens } from "charter-client";

import { baseUrl, listening } from "./support.js";

const tokens = JSON.parse(readFileSync(process.env["CHARTER_OLD_TOKENS"] ?? "", "utf8")) as StoredTokens;

test("200 calls with a token that has expired make one refresh", async () => {
  await assert.rejects(new Charter({ baseUrl, accessToken: tokens.accessToken }).me.getMe(), InvalidToken);
  const heard = listening();
  const client = new Charter({ baseUrl, store: new MemoryStore(tokens), fetch: heard.fetch });
  const all = await Promise.all(Array.from({ length: 200 }, () => client.me.getMe()));
  assert.equal(new Set(all.map((user) => user.id)).size, 1);
  assert.equal(heard.lines.filter((line) => line === "POST /v1/auth/refresh").length, 1);
  // A refresh is no new sign-in.
  await assert.rejects(client.users.deleteUser(all[0]?.id ?? ""), StepUpRequired);
});
