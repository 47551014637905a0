/** Whether a call is sent again, and when. */

import { CharterError, ConnectionFailed } from "./failures.js";
import type { Invocation } from "./operation.js";
import { codeOf, isValue, type Outcome, retryAfter } from "./responses.js";

/** How a client calls. */
export interface Options {
  /** Milliseconds for each attempt, until the response is complete. */
  readonly timeout: number;
  /** How many times a call that can be repeated is sent again. */
  readonly retries: number;
  /** The longest `Retry-After` that is waited for, in milliseconds; a longer one is thrown. */
  readonly maxWait: number;
  /** Sent with every request. */
  readonly headers: Readonly<Record<string, string>>;
}

const PASSING = [408, 429, 500, 502, 503, 504];
const FIRST = 250;
const LONGEST = 8_000;
/** Longer than anybody waits for a response. */
const LONGEST_WAIT = 1e12;

// A refresh whose response was lost is sent again within the seconds in which the server returns the same tokens, whatever
// the options are. Later, the server takes its token for stolen and ends the session.
const LOST_RETRIES = 6;
const LOST_LONGEST = 2_000;
/** The longest time for an attempt of a refresh, so that another one is in time. */
export const REFRESH_TIMEOUT = 5_000;
const NEVER_CONNECTED = ["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "UND_ERR_CONNECT_TIMEOUT"];

/** Return whether a refresh may have reached the server, although the server's response did not come. */
export function isLost(invocation: Invocation, outcome: Outcome): boolean {
  if (invocation.operation.name !== "refresh") return false;
  // A proxy responds in the place of the server.
  if (!(outcome instanceof CharterError)) return outcome.raw.status >= 500 && codeOf(outcome) === undefined;
  // Only Node tells why a connection failed.
  const reason = outcome.cause as { cause?: { code?: unknown } } | undefined;
  return !(outcome instanceof ConnectionFailed && NEVER_CONNECTED.includes(String(reason?.cause?.code)));
}

/**
 * Return how many milliseconds to wait before the next attempt; null if there is none.
 *
 * @param lost whether it is a refresh that `isLost`, in this attempt or in an earlier one.
 */
export function pauseBeforeRetry(
  invocation: Invocation,
  outcome: Outcome,
  retries: number,
  options: Options,
  lost = false,
): number | null {
  const most = lost ? Math.max(options.retries, LOST_RETRIES) : options.retries;
  if (retries >= most || !invocation.repeatable) return null;
  const jittered = Math.min(lost ? LOST_LONGEST : LONGEST, FIRST * 2 ** retries) * (0.5 + Math.random() / 2);
  if (outcome instanceof CharterError) return jittered;
  const { raw } = outcome;
  if (isValue(invocation, raw)) return null;
  if (!PASSING.includes(raw.status) && codeOf(outcome) !== "IDEMPOTENCY_IN_PROGRESS") return null;
  const asked = retryAfter(raw);
  if (asked === null) return jittered;
  // A little later than asked, so that the clients that were refused together do not come back together.
  return asked * 1000 > Math.min(options.maxWait, LONGEST_WAIT) ? null : asked * 1000 + Math.random() * 250;
}
