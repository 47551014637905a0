// Who calls: a middleware for Express that checks the access token and asks Charter whether its session lives.

import { createHash } from "node:crypto";
import { createRemoteJWKSet, decodeJwt, errors, jwtVerify } from "jose";

// What this service accepts, whatever the header of a token says. Never HS256: its key would have to be secret.
const ALGORITHMS = ["ES256", "EdDSA"];
const MAX_REMEMBERED = 10_000;
const KEYS_NOT_FETCHED = ["ERR_JOSE_GENERIC", "ERR_JWKS_INVALID", "ERR_JWKS_TIMEOUT"];

class Refusal extends Error {
  constructor(status, message, headers = {}) {
    super(message);
    Object.assign(this, { status, headers });
  }
}

const unauthorized = (message) => new Refusal(401, message, { "WWW-Authenticate": "Bearer" });
const unavailable = () => new Refusal(503, "Whether you are signed in cannot be found out now.", { "Retry-After": "1" });

/**
 * Return a middleware that puts the account of the caller into `request.user`.
 *
 * url: of Charter. issuer, audience: JWT_ISSUER and JWT_AUDIENCE of that deployment.
 * sessionSeconds: how long a read may rely on what Charter said about the session before; 0: ask each time.
 * cooldown: how many seconds pass at least between two requests for the keys.
 */
export function signedIn({
  url = process.env.CHARTER_URL ?? "http://127.0.0.1:8080",
  issuer = process.env.JWT_ISSUER ?? "charter",
  audience = process.env.JWT_AUDIENCE ?? "charter",
  sessionSeconds = Number(process.env.SESSION_SECONDS ?? 0),
  cooldown = Number(process.env.KEYS_COOLDOWN_SECONDS ?? 10),
} = {}) {
  const keys = createRemoteJWKSet(new URL(`${url}/.well-known/jwks.json`), {
    cacheMaxAge: 300_000,
    cooldownDuration: cooldown * 1000,
    timeoutDuration: 5000,
  });
  const known = new Map();

  // Check what can be checked here, so that a forged token costs Charter nothing. While Charter signs with a shared
  // secret it publishes no keys, and checks the token itself when it is asked.
  async function checkSignature(token) {
    if (!keys.fresh) {
      await keys.reload().catch(() => {
        throw unavailable();
      });
    }
    if (keys.jwks().keys.length === 0) return;
    try {
      const requiredClaims = ["exp", "iat", "sub", "sid"];
      await jwtVerify(token, keys, { algorithms: ALGORITHMS, issuer, audience, typ: "at+jwt", requiredClaims });
    } catch (error) {
      if (!(error instanceof errors.JOSEError) || KEYS_NOT_FETCHED.includes(error.code)) throw unavailable();
      throw unauthorized("The token is not valid.");
    }
  }

  // Ask Charter with the token itself: `get_me` is a success only while the session lives.
  async function account(token, mayRemember) {
    const digest = createHash("sha256").update(token).digest("base64");
    const remembered = known.get(digest);
    if (mayRemember && remembered && Date.now() < remembered.until) return remembered.user;
    known.delete(digest);
    const response = await fetch(`${url}/v1/users/me`, {
      headers: { Authorization: `Bearer ${token}` },
      redirect: "error",
      signal: AbortSignal.timeout(5000),
    }).catch(() => {
      throw unavailable();
    });
    if (response.status === 401) throw unauthorized("The token is not valid, or its session has ended.");
    if (response.status === 429) {
      throw new Refusal(429, "Too many requests.", { "Retry-After": response.headers.get("Retry-After") ?? "1" });
    }
    if (response.status !== 200) throw unavailable();
    const user = (await response.json()).data;
    if (sessionSeconds > 0) {
      if (known.size >= MAX_REMEMBERED) known.clear();
      // Charter has accepted the token, so its claims are true.
      known.set(digest, { user, until: Math.min(Date.now() + sessionSeconds * 1000, decodeJwt(token).exp * 1000) });
    }
    return user;
  }

  return async function middleware(request, response, next) {
    try {
      const [, token] = /^Bearer +(\S+)$/i.exec(request.get("Authorization") ?? "") ?? [];
      if (!token) throw unauthorized("A bearer token is missing.");
      await checkSignature(token);
      request.user = await account(token, ["GET", "HEAD"].includes(request.method));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      response.status(error.status).set(error.headers).json({ detail: error.message });
      return;
    }
    next();
  };
}
