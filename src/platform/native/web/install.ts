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

/** Streams are a library of some size, and many commands need none. */
for (const name of ["ReadableStream", "TransformStream", "WritableStream"]) {
  Object.defineProperty(globalThis, name, {
    configurable: true,
    get() {
      const value = host.load("streams.js")[name];
      Object.defineProperty(globalThis, name, { configurable: true, writable: true, value });
      return value;
    },
  });
}
