import { Charter, CharterError, EmailTaken, InvalidRefreshToken, SessionEnded, Unauthenticated } from "charter-client";

import { FileStore } from "./tokens.js";

const client = new Charter({
  baseUrl: process.env.CHARTER_URL ?? "http://127.0.0.1:8080",
  store: new FileStore("tokens.json"),
});

const commands = {
  async "sign-in"(email = "") {
    const { user } = await client.auth.login({ email, password: process.env.CHARTER_PASSWORD ?? "" });
    console.log(`Signed in as ${user.email}, who is ${user.role}.`);
  },

  async me() {
    const me = await client.me.getMe();
    console.log(`${me.email}: ${me.profile.display_name ?? "no name"}`);
  },

  async rename(name = "") {
    const { profile } = await client.me.updateMe({ display_name: name });
    console.log(`You are ${profile.display_name}.`);
  },

  async users() {
    for await (const user of client.users.iterUsers({ sort: "email" })) {
      console.log(`${user.email} ${user.role} ${user.status}`);
    }
  },

  async create(email = "") {
    try {
      const user = await client.users.createUser({ email, password: process.env.NEW_PASSWORD ?? "", role: "user" });
      console.log(`Created ${user.email}.`);
    } catch (error) {
      if (!(error instanceof EmailTaken)) throw error;
      console.log(`${email} has an account already.`);
    }
  },

  async "sign-out"() {
    await client.auth.logout();
    console.log("Signed out.");
  },
};

const [name = "", ...words] = process.argv.slice(2);
if (!Object.hasOwn(commands, name)) {
  console.error(`Say what to do: ${Object.keys(commands).join(", ")}.`);
  process.exit(2);
}
try {
  await commands[/** @type {keyof typeof commands} */ (name)](...words);
} catch (error) {
  if (!(error instanceof CharterError)) throw error;
  const signedOut = [Unauthenticated, SessionEnded, InvalidRefreshToken].some((kind) => error instanceof kind);
  console.error(signedOut ? "Nobody is signed in: run node main.js sign-in EMAIL." : error.message);
  process.exitCode = 1;
}
