/**
 * Clients that read and write while their server is killed and started again, until a line comes on the input.
 *
 * It prints as JSON the addresses of the accounts that were confirmed to it, and how many requests were cut.
 */

import { stdin, stdout } from "node:process";

import { ConnectionFailed, MemoryStore, Unavailable } from "charter-client";

import { address, person, PHRASE, signedIn, spoil } from "./support.js";

const CLIENTS = 6;

const made: string[] = [];
let cut = 0;
let over = false;

/** A fetch that counts what breaks. */
const counting: typeof fetch = async (input, init) => {
  try {
    return await fetch(input, init);
  } catch (error) {
    cut += 1;
    throw error;
  }
};

async function work(): Promise<void> {
  const store = new MemoryStore();
  const { client, email, id } = await person("restarted", { store, fetch: counting });
  await (await signedIn()).users.setUserRole(id, { role: "admin" });
  const one = client.withOptions({ retries: 30, timeout: 5_000 });
  let last: string | null = null;
  for (let turn = 0; !over; turn += 1) {
    // Now and then the access token has expired, so that refreshes are cut, too.
    if (turn % 5 === 4) spoil(store);
    const wanted = address("made");
    const user = await one.users.createUser({ email: wanted, password: PHRASE });
    if (user.email !== wanted) throw new Error(`${user.email} in the place of ${wanted}`);
    made.push(wanted);
    const { bio } = (await one.me.getMe()).profile;
    if (bio !== last) throw new Error(`The bio of ${email} is ${String(bio)} in the place of ${String(last)}.`);
    try {
      last = (await one.me.updateMe({ bio: `Turn ${turn}.` })).profile.bio;
    } catch (error) {
      // A change without a key is sent once. If it breaks, nobody knows whether it was made, so we look.
      if (!(error instanceof ConnectionFailed || error instanceof Unavailable)) throw error;
      last = (await one.me.getMe()).profile.bio;
    }
  }
}

stdin.once("data", () => (over = true));
await Promise.all(Array.from({ length: CLIENTS }, work));
stdout.write(`${JSON.stringify({ made, cut })}\n`);
process.exit(0);
