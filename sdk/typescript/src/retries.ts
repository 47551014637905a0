/** Whether a call is sent again, and when. */

import { CharterError } from "./failures.js";
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

/** Return how many milliseconds to wait before the next attempt; null if there is none. */
export function pauseBeforeRetry(
  invocation: Invocation,
  outcome: Outcome,
  retries: number,
  options: Options,
): number | null {
  if (retries >= options.retries || !invocation.repeatable) return null;
  const jittered = Math.min(LONGEST, FIRST * 2 ** retries) * (0.5 + Math.random() / 2);
  if (outcome instanceof CharterError) return jittered;
  const { raw } = outcome;
  if (isValue(invocation, raw)) return null;
  if (!PASSING.includes(raw.status) && codeOf(outcome) !== "IDEMPOTENCY_IN_PROGRESS") return null;
  const asked = retryAfter(raw);
  if (asked === null) return jittered;
  // A little later than asked, so that the clients that were refused together do not come back together.
  return asked * 1000 > options.maxWait ? null : asked * 1000 + Math.random() * 250;
}
