/** The walk in a browser: in a page as a function of the window, in a web worker as the reply to a message. */

import * as sdk from "charter-client";

import { walk } from "../everywhere.js";

const here = (baseUrl: string, password: string): Promise<string> => walk(sdk, baseUrl, password);

if (typeof document === "undefined") {
  addEventListener("message", (event: MessageEvent<[string, string]>) => {
    here(...event.data).then(
      (message) => postMessage({ message }),
      (error: unknown) => postMessage({ error: String(error) }),
    );
  });
} else {
  Object.assign(globalThis, { walk: here });
}
