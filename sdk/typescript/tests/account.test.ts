/** The built package against a running Charter. All requests are right, so that they can go through Prism. */

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  Charter,
  EmailTaken,
  Forbidden,
  NotFound,
  PreconditionFailed,
  type Profile,
  SessionEnded,
} from "charter-client";

import { address, baseUrl, listening, PHRASE, signedIn } from "./support.js";

test("the life of an account", async () => {
  const ada = await signedIn();
  const mine = new Charter({ baseUrl });
  const role = `reader-${crypto.randomUUID().slice(0, 8)}`;
  const email = address("life");
  assert.equal((await mine.auth.register({ email: address("registered"), password: PHRASE })).status, "pending");
  const created = await ada.users.withResponse.createUser({ email, password: PHRASE, role: "user" });
  const { id } = created.data;
  assert.equal(created.status, 201);
  assert.equal(created.replayed, false);
  assert.equal(created.location, `/v1/users/${id}`);
  await assert.rejects(ada.users.createUser({ email, password: PHRASE }), EmailTaken);

  const signIn = await mine.auth.login({ email, password: PHRASE });
  assert.equal(signIn.user.id, id);
  assert.equal((await ada.users.updateUser(id, { email_verified: true })).email_verified, true);
  assert.equal((await mine.me.updateMe({ display_name: "Lin", bio: "Moths." })).profile.bio, "Moths.");
  assert.equal((await mine.me.updateMe({ bio: null })).profile.display_name, "Lin");
  const profile = await mine.profiles.withResponse.getProfile(id);
  const whole = { display_name: "Lin", locale: "nl", time_zone: "Europe/Amsterdam", avatar_url: null, bio: null };
  assert.equal((await mine.profiles.replaceProfile(id, whole, { ifMatch: profile.etag ?? "" })).locale, "nl");
  await assert.rejects(mine.profiles.replaceProfile(id, whole, { ifMatch: profile.etag ?? "" }), PreconditionFailed);

  const second = new Charter({ baseUrl });
  await second.auth.login({ email, password: PHRASE });
  const sessions = await mine.sessions.listSessions(id);
  assert.equal(sessions.total, 2);
  const other = sessions.items.find((session) => !session.current);
  await mine.sessions.revokeSession(id, other?.id ?? "");
  await assert.rejects(second.me.getMe(), SessionEnded);

  await mine.me.changePassword({ current_password: PHRASE, new_password: "third lantern 8 quarry" });
  await assert.rejects(mine.users.listUsers(), Forbidden);
  await ada.roles.createRole({ name: role, description: "Reads accounts.", permissions: ["users:list", "users:read"] });
  assert.equal((await ada.users.setUserRole(id, { role })).role, role);
  assert.ok((await mine.users.listUsers({ q: email })).items.length === 1);
  assert.equal((await ada.users.suspendUser(id, { reason: "A test." })).status, "suspended");
  await assert.rejects(mine.me.getMe(), SessionEnded);
  assert.equal(await mine.getTokens(), null);
  await ada.users.restoreUser(id);
  await mine.auth.login({ email, password: "third lantern 8 quarry" });
  await mine.auth.logout();
  assert.equal(await mine.getTokens(), null);
  await ada.users.deleteUser(id);
  await ada.roles.deleteRole(role);
  await assert.rejects(ada.users.getUser(id), NotFound);
});

test("the rest of what an admin reads and changes", async () => {
  const ada = await signedIn();
  assert.ok((await ada.roles.listRoles()).items.some((role) => role.name === "admin"));
  assert.ok((await ada.roles.listPermissions()).length > 10);
  const [setting] = await ada.settings.listSettings();
  assert.ok(setting);
  await ada.settings.putSetting(setting.key, { value: setting.value });
  await ada.settings.resetSetting(setting.key);
  await ada.settings.getPublicSettings();
  assert.ok((await ada.stats.getUserStats()).total > 0);
  await ada.stats.getActivityStats({ since: new Date(Date.now() - 7_200_000), until: new Date(), interval: "hour" });
  await ada.cache.invalidateCache({ all: true });
  assert.equal((await ada.health.getHealth()).checks.database, "ok");
  assert.equal((await ada.health.getLiveness()).status, "ok");
  assert.ok(Array.isArray((await ada.health.getJwks()).keys));
});

test("a 304 is a value, and the facts are beside a result", async () => {
  const ada = await signedIn();
  const me = await ada.me.getMe();
  const read = await ada.users.withResponse.getUser(me.id);
  assert.equal(read.requestId, read.raw.headers.get("X-Request-Id"));
  assert.equal(read.rateLimit?.bucket, "read");
  const again = await ada.users.withResponse.getUser(me.id, { ifNoneMatch: read.etag });
  assert.equal(again.notModified, true);
  assert.equal(again.status, 304);
});

test("pages are fetched as they are needed", async () => {
  const heard = listening();
  const ada = await signedIn({ fetch: heard.fetch });
  const prefix = `page-${crypto.randomUUID().slice(0, 8)}-`;
  const wanted = ["a", "b", "c"].map((name) => `${prefix}${name}@example.com`);
  for (const email of wanted) await ada.users.createUser({ email, password: PHRASE, role: "user" });
  const before = heard.lines.length;
  const emails = [];
  for await (const user of ada.users.iterUsers({ q: prefix, limit: 2, sort: "email" })) emails.push(user.email);
  assert.deepEqual(emails, wanted);
  assert.equal(heard.lines.length, before + 2);
  const ids = new Set();
  for await (const event of ada.audit.iterAuditEvents({ action: "create_user", limit: 2, since: new Date(0) })) {
    ids.add(event.id);
    if (ids.size === 5) break;
  }
  assert.equal(ids.size, 5);
  assert.equal(heard.lines.length, before + 5);
});

test("an update is made again when another change came in between", async () => {
  const ada = await signedIn();
  const { id } = await ada.me.getMe();
  await ada.profiles.update(id, () => ({ bio: null }));
  const seen: (string | null)[] = [];
  const changed: Profile = await ada.profiles.update(id, async (profile) => {
    seen.push(profile.bio);
    if (seen.length < 3) await ada.profiles.update(id, () => ({ bio: `${seen.length} in between` }));
    return { bio: "mine" };
  });
  assert.equal(changed.bio, "mine");
  assert.deepEqual(seen, [null, "1 in between", "2 in between"]);
});
