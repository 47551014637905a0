/** The tokens of a session, and where they are kept. */

import { SessionChanged } from "./failures.js";

/** The tokens of a session. */
export interface StoredTokens {
  /** Sent with each request. */
  readonly accessToken: string;
  /** Exchanged for new tokens when the access token has expired; null if there is none. */
  readonly refreshToken: string | null;
}

/** Where the tokens are kept. Each request calls `load`, so it must be fast. */
export interface TokenStore {
  /** Return the tokens; null if nobody is signed in. */
  load(): StoredTokens | null | Promise<StoredTokens | null>;
  /** Keep the tokens; null: forget them. */
  save(tokens: StoredTokens | null): void | Promise<void>;
}

/** Keeps the tokens until the program ends or the page is left. */
export class MemoryStore implements TokenStore {
  #tokens: StoredTokens | null;

  constructor(tokens: StoredTokens | null = null) {
    this.#tokens = tokens;
  }

  load(): StoredTokens | null {
    return this.#tokens;
  }

  save(tokens: StoredTokens | null): void {
    this.#tokens = tokens;
  }
}

/**
 * Keeps the tokens in `localStorage` or `sessionStorage`. All tabs of a site share the first, each tab has one of the second.
 *
 * Every script of the page can read them there.
 */
export class WebStorageStore implements TokenStore {
  #storage: WebStorage;
  #key: string;

  constructor(storage: WebStorage, key = "charter-tokens") {
    this.#storage = storage;
    this.#key = key;
  }

  load(): StoredTokens | null {
    try {
      const kept = JSON.parse(this.#storage.getItem(this.#key) ?? "null") as Partial<StoredTokens> | null;
      return typeof kept?.accessToken === "string" ? { accessToken: kept.accessToken, refreshToken: kept.refreshToken ?? null } : null;
    } catch (error) {
      // What another program wrote there is no token of ours.
      if (error instanceof SyntaxError) return null;
      throw error;
    }
  }

  save(tokens: StoredTokens | null): void {
    if (tokens === null) this.#storage.removeItem(this.#key);
    else this.#storage.setItem(this.#key, JSON.stringify(tokens));
  }
}

/** What `WebStorageStore` needs of a storage. */
export type WebStorage = Pick<Storage, "getItem" | "setItem" | "removeItem">;

/** Return whether two pairs of tokens belong to the same session. */
export function areOfOneSession(one: StoredTokens | null, other: StoredTokens | null): boolean {
  if (one === null || other === null) return one === other;
  return one.accessToken === other.accessToken || sessionId(one.accessToken) === sessionId(other.accessToken);
}

/** Return the session that an access token names; undefined if it names none. */
function sessionId(accessToken: string): unknown {
  try {
    const claims = (accessToken.split(".")[1] ?? "").replace(/-/g, "+").replace(/_/g, "/");
    return (JSON.parse(atob(claims)) as { sid?: unknown } | null)?.sid;
  } catch {
    return undefined;
  }
}

/** The tokens, and the revision that they are of. */
export interface SignedIn {
  readonly tokens: StoredTokens | null;
  readonly revision: number;
}

/** Holds several calls to the session of the first one, such as those of an iterator over pages. */
export class SameSession {
  #first: StoredTokens | null | undefined;

  /**
   * Compare the tokens of a call with those of the first one.
   *
   * @throws SessionChanged they are of another session.
   */
  check(tokens: StoredTokens | null): void {
    if (this.#first === undefined) this.#first = tokens;
    if (areOfOneSession(this.#first, tokens)) return;
    const hint = "begin again, if it is meant for the account that is signed in now";
    throw new SessionChanged(`Somebody signed in or out meanwhile, so the rest was not sent: ${hint}.`);
  }
}

/**
 * Who is signed in.
 *
 * Each sign-in and sign-out starts a new revision. A call is not sent again in another revision than its own.
 */
export class Session {
  #store: TokenStore;
  #revision = 0;
  #last: Promise<unknown> = Promise.resolve();

  constructor(store: TokenStore) {
    this.#store = store;
  }

  /** Return the tokens and the revision that they are of. */
  look(): Promise<SignedIn> {
    return this.#inTurn(async () => ({ tokens: await this.#store.load(), revision: this.#revision }));
  }

  /** Sign in with tokens, or sign out with null. */
  start(tokens: StoredTokens | null): Promise<void> {
    return this.#inTurn(async () => {
      this.#revision += 1;
      await this.#store.save(tokens);
    });
  }

  /**
   * Put new tokens in the place of the old ones or of a refresh of them; null: sign out.
   *
   * If those of another session are there by now, they stay: they may be those of another person.
   */
  startInPlace(old: StoredTokens | null, fresh: StoredTokens | null): Promise<void> {
    return this.#inTurn(async () => {
      if (!areOfOneSession(old, await this.#store.load())) return;
      this.#revision += 1;
      await this.#store.save(fresh);
    });
  }

  /**
   * Put new tokens in the place of the old, unless others are there by now; null: forget the old.
   *
   * Others are there after a sign-out or a sign-in, or if another program has the same store and was faster.
   *
   * @returns whether there are tokens now.
   */
  replace(old: StoredTokens, fresh: StoredTokens | null, revision: number): Promise<boolean> {
    return this.#inTurn(async () => {
      const kept = await this.#store.load();
      const same = kept?.accessToken === old.accessToken && kept.refreshToken === old.refreshToken;
      if (!same || this.#revision !== revision) return kept !== null;
      await this.#store.save(fresh);
      return fresh !== null;
    });
  }

  // A store may be asynchronous: one step ends before the next begins.
  #inTurn<T>(step: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(step);
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}
