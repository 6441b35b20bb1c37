import { host } from "../host.ts";
import { watchRejections } from "../uncaught.ts";
import { WebAbortController, WebAbortSignal, WebDOMException } from "./abort.ts";
import { WebRequest, WebResponse } from "./fetch-types.ts";
import { WebHeaders } from "./headers.ts";
import { WebTextDecoder, WebTextEncoder, webAtob, webBtoa } from "./text.ts";
import { webClearTimeout, webSetTimeout } from "./timers.ts";
import { WebURL, WebURLSearchParams } from "./url.ts";

/** Puts the web globals of `globals.d.ts` in place. Imported first, since modules may use them when they load. */
Object.assign(globalThis, {
  AbortController: WebAbortController,
  AbortSignal: WebAbortSignal,
  DOMException: WebDOMException,
  Headers: WebHeaders,
  Request: WebRequest,
  Response: WebResponse,
  TextDecoder: WebTextDecoder,
  TextEncoder: WebTextEncoder,
  URL: WebURL,
  URLSearchParams: WebURLSearchParams,
  atob: webAtob,
  btoa: webBtoa,
  clearTimeout: webClearTimeout,
  setTimeout: webSetTimeout,
});

watchRejections();

/** Modules of their own, loaded by the first that asks: many commands need neither streams nor time zones. */
const later = {
  Intl: "intl.js",
  ReadableStream: "streams.js",
  TransformStream: "streams.js",
  WritableStream: "streams.js",
};

for (const [name, module] of Object.entries(later)) {
  Object.defineProperty(globalThis, name, {
    configurable: true,
    get() {
      const value = host.load(module)[name];
      Object.defineProperty(globalThis, name, { configurable: true, writable: true, value });
      return value;
    },
  });
}

/** The engine has them, but deaf to their options: a time in the wrong zone is worse than an error. */
for (const name of ["toLocaleDateString", "toLocaleString", "toLocaleTimeString"]) {
  Object.defineProperty(Date.prototype, name, {
    value() {
      throw new TypeError(`the native engine has no Date.prototype.${name}; see docs/engines.md`);
    },
  });
}
