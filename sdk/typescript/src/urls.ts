/** How messages show URLs: without what may be a password, a token or a search. */

/** Return a text that is or should be a URL, without user names, passwords, query and fragment. */
export function shownUrl(text: string): string {
  const [scheme = ""] = /^\s*(?:[\w+.-]*:)?\/\//.exec(text) ?? [];
  // What stands before the last @ is a user and a password, even if a slash in the password hides it from a parser.
  const at = text.lastIndexOf("@");
  const isUserShown = at < scheme.length;
  const rest = text.slice(isUserShown ? scheme.length : at + 1);
  const prefix = isUserShown ? scheme : `${scheme}***@`;
  const [host = ""] = /^(?:\[[^\]]*\]|[^:/?#]*)/.exec(rest) ?? [];
  // Without an @, what follows the colon may be a password as well, unless it is a port.
  if (rest[host.length] === ":" && !/^:\d{1,5}\s*(?:[/?#]|$)/.test(rest.slice(host.length))) return `${prefix}${host}:***`;
  return prefix + rest.replace(/([?#]).+/s, "$1***");
}

/** Return a text in which each URL is shown as `shownUrl` shows it. */
export function withShownUrls(text: string): string {
  return text.replace(/[\w+.-]+:\/\/[^\s"'<>]+/g, shownUrl);
}
