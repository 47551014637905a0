/** The tokens of a session, and where they are kept. */

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

/**
 * Who is signed in.
 *
 * Each sign-in and sign-out starts a new period. A call is not sent again in another period than its own.
 */
export class Session {
  #store: TokenStore;
  #period = 0;
  #last: Promise<unknown> = Promise.resolve();

  constructor(store: TokenStore) {
    this.#store = store;
  }

  /** Return the tokens and the period that they are of. */
  look(): Promise<{ tokens: StoredTokens | null; period: number }> {
    return this.#inTurn(async () => ({ tokens: await this.#store.load(), period: this.#period }));
  }

  /** Sign in with tokens, or sign out with null. */
  start(tokens: StoredTokens | null): Promise<void> {
    return this.#inTurn(async () => {
      this.#period += 1;
      await this.#store.save(tokens);
    });
  }

  /**
   * Put new tokens in the place of the old, unless others are there by now; null: forget the old.
   *
   * Others are there after a sign-out or a sign-in, or if another program has the same store and was faster.
   *
   * @returns whether there are tokens now.
   */
  replace(old: StoredTokens, fresh: StoredTokens | null, period: number): Promise<boolean> {
    return this.#inTurn(async () => {
      const kept = await this.#store.load();
      const same = kept?.accessToken === old.accessToken && kept.refreshToken === old.refreshToken;
      if (!same || this.#period !== period) return kept !== null;
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
