import { readFile, rename, rm, writeFile } from "node:fs/promises";

/**
 * Keeps the tokens in a file, so that the next run is still signed in. Programs that run at the same time share it.
 *
 * @implements {import("charter-client").TokenStore}
 */
export class FileStore {
  #path;

  /** @param {string} path */
  constructor(path) {
    this.#path = path;
  }

  async load() {
    try {
      return /** @type {import("charter-client").StoredTokens} */ (JSON.parse(await readFile(this.#path, "utf8")));
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
      throw error;
    }
  }

  /** @param {import("charter-client").StoredTokens | null} tokens */
  async save(tokens) {
    if (tokens === null) return rm(this.#path, { force: true });
    // A rename puts the whole file in place: no other program reads half of it.
    const written = `${this.#path}.${process.pid}`;
    await writeFile(written, JSON.stringify(tokens), { mode: 0o600 });
    await rename(written, this.#path);
  }
}
