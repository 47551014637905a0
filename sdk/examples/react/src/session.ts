import {
  Charter,
  CharterError,
  InvalidRefreshToken,
  InvalidToken,
  SessionEnded,
  Unauthenticated,
  type User,
  WebStorageStore,
} from "charter-client";
import { useCallback, useEffect, useState } from "react";

const KEY = "charter-tokens";

/** The client of this page. All tabs have the same tokens, because they share localStorage. */
export const charter = new Charter({
  baseUrl: import.meta.env.VITE_CHARTER_URL ?? "http://127.0.0.1:8080",
  store: new WebStorageStore(localStorage, KEY),
});

const SIGNED_OUT = [Unauthenticated, InvalidToken, SessionEnded, InvalidRefreshToken];

/** Who is signed in; null: nobody. */
async function whoIsSignedIn(): Promise<User | null> {
  if ((await charter.getTokens()) === null) return null;
  try {
    return await charter.me.getMe();
  } catch (error) {
    if (SIGNED_OUT.some((kind) => error instanceof kind)) return null;
    throw error;
  }
}

export interface Session {
  /** Who is signed in, in whichever tab they did so; null: nobody, undefined: it is not known yet. */
  readonly me: User | null | undefined;
  /** Why the last step failed; empty if it did not. */
  readonly failure: string;
  /** Do something, then read again who is signed in. */
  readonly act: (step?: () => Promise<unknown>) => Promise<void>;
}

export function useSession(): Session {
  const [me, setMe] = useState<User | null | undefined>(undefined);
  const [failure, setFailure] = useState("");

  const act = useCallback(async (step?: () => Promise<unknown>) => {
    try {
      await step?.();
      setMe(await whoIsSignedIn());
      setFailure("");
    } catch (error) {
      if (!(error instanceof CharterError)) throw error;
      setFailure(error.message);
    }
  }, []);

  useEffect(() => {
    // Another tab signed in or out, or refreshed the tokens.
    const changed = (event: StorageEvent): void => {
      if (event.key === KEY || event.key === null) void act();
    };
    window.addEventListener("storage", changed);
    void act();
    return () => window.removeEventListener("storage", changed);
  }, [act]);

  return { me, failure, act };
}
