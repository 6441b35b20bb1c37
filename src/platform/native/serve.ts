import { longestMessage, type Socket } from "../../core/connection.ts";
import type { Handlers, HttpHandler, HttpServer, ServeOptions, SocketHandler } from "../../core/platform.ts";
import { portError } from "../shared/port-error.ts";
import { nativeFileSystem } from "./file-system.ts";
import { type HostListener, type HostResponder, host } from "./host.ts";
import { socketOf } from "./socket.ts";
import { uncaught } from "./uncaught.ts";
import { WebAbortController } from "./web/abort.ts";
import type { Source } from "./web/body.ts";
import { WebRequest, WebResponse } from "./web/fetch-types.ts";
import { WebHeaders } from "./web/headers.ts";

/** See `Platform.serve`. */
export async function serveHttp(options: ServeOptions, handlers: Handlers): Promise<HttpServer> {
  const listener = await listen(options, (responder, method, target) => {
    void answer(responder, { method, target }, handlers).catch(uncaught);
  });
  return { port: listener.port, close: (withinMs) => listener.close(withinMs) };
}

async function listen(options: ServeOptions, handler: Parameters<typeof host.listen>[2]): Promise<HostListener> {
  try {
    return host.listen(options.host, options.port, handler);
  } catch (thrown) {
    throw await portError(nativeFileSystem(), options, thrown as Error);
  }
}

interface Asked {
  readonly method: string;
  readonly target: string;
}

/** Requests that are being answered; a handler that nothing else holds must not be collected with its client waiting. */
const open = new Set<HostResponder>();

async function answer(responder: HostResponder, asked: Asked, handlers: Handlers): Promise<void> {
  open.add(responder);
  try {
    await answerOne(responder, asked, handlers);
  } finally {
    open.delete(responder);
  }
}

async function answerOne(responder: HostResponder, asked: Asked, handlers: Handlers): Promise<void> {
  const url = urlOf(responder, asked.target);
  if (url === undefined) {
    responder.answer(400, [], null);
    return;
  }
  const request = requestOf(responder, asked.method, url);
  const response =
    responder.header("upgrade")?.toLowerCase() === "websocket"
      ? await upgrade(responder, request, handlers.socket)
      : await respond(request, responder.peer, handlers.request);
  if (!response) return;
  const content = response.take();
  if (content === null || typeof content === "string" || content instanceof Uint8Array) {
    const body = typeof content === "string" ? content.toWellFormed() : content;
    responder.answer(response.status, response.headers.toFlat(), body);
    return;
  }
  await stream(responder, response, content instanceof ReadableStream ? readerOf(content) : content);
}

/** Undefined when the client has its WebSocket. */
async function upgrade(
  responder: HostResponder,
  request: WebRequest,
  handler: SocketHandler | undefined,
): Promise<WebResponse | undefined> {
  if (!handler) return new WebResponse("there is no WebSocket here\n", { status: 426 });
  let take: (socket: Socket) => void = () => {};
  const response = await respond(request, responder.peer, async (asked, peer) => {
    const answered = await handler(asked, peer);
    if (typeof answered !== "function") return answered;
    take = answered;
    return new WebResponse(undefined, { status: 101 }, null) as unknown as Response;
  });
  if (response.status !== 101) return response;
  try {
    take(socketOf(await responder.upgrade(longestMessage)));
    return undefined;
  } catch {
    return new WebResponse("this is no request for a WebSocket\n", { status: 400 });
  }
}

async function respond(request: WebRequest, peer: string, handler: HttpHandler): Promise<WebResponse> {
  try {
    return (await handler(request as unknown as Request, peer)) as unknown as WebResponse;
  } catch {
    // What went wrong is the handler's to tell; the client learns only that it did.
    return new WebResponse("internal error\n", { status: 500 });
  }
}

const plainHost = /^[\w.-]+(:\d+)?$|^\[[\da-fA-F:.]+\](:\d+)?$/;

/** The URL by the `Host` header; undefined when that is none. */
function urlOf(responder: HostResponder, target: string): string | undefined {
  const name = responder.header("host") ?? "localhost";
  if (!plainHost.test(name)) return undefined;
  if (target.startsWith("/")) return `http://${name}${target}`;
  return URL.canParse(target) ? target : undefined;
}

function requestOf(responder: HostResponder, method: string, url: string): WebRequest {
  const body: Source = { read: () => responder.read(), cancel: () => {} };
  return new WebRequest(url, undefined, {
    method,
    url,
    content: method === "GET" || method === "HEAD" ? null : body,
    headers: () => WebHeaders.ofFlat(responder.headers()),
    signal() {
      const controller = new WebAbortController();
      void responder.gone().then((isGone) => {
        if (isGone) controller.abort();
      });
      return controller.signal as unknown as AbortSignal;
    },
  });
}

function readerOf(content: ReadableStream<Uint8Array>): Source {
  const reader = content.getReader();
  return {
    async read() {
      const { done, value } = await reader.read();
      return done ? null : value;
    },
    cancel() {
      reader.cancel().catch(uncaught);
    },
  };
}

/** Each piece when there is room for it; a client that leaves ends it. */
async function stream(responder: HostResponder, response: WebResponse, source: Source): Promise<void> {
  responder.start(response.status, response.headers.toFlat());
  let isOver = false;
  void responder.gone().then((isGone) => {
    if (isGone && !isOver) source.cancel();
  });
  try {
    for (let piece = await source.read(); piece !== null; piece = await source.read()) {
      if (!(await responder.write(piece))) break;
    }
    responder.end();
  } catch {
    // The client must not take half an answer for a whole one.
    responder.abandon();
  } finally {
    isOver = true;
  }
}
