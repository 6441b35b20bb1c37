export interface ConnectOptions {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  /** Connect to this IP address instead of resolving the host; TLS still checks the host's name. */
  readonly address?: string;
  /** Time to a usable connection (DNS, TCP, proxy, TLS), milliseconds. */
  readonly connectTimeoutMs?: number;
}

/** Bytes in both directions. */
export interface Connection {
  /** What arrives next; undefined at the end. */
  read(): Promise<Uint8Array | undefined>;
  /** Resolves when the system has taken them; throws `unavailable` when the other side has gone. */
  write(bytes: Uint8Array): Promise<void>;
  /** Ends it in both directions; a `read` that waits sees the end. */
  close(): Promise<void>;
}

export interface SocketOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly address?: string;
  readonly connectTimeoutMs?: number;
  /** A longer message ends the connection; 1 MiB without it. */
  readonly mostBytes?: number;
}

export type Received =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "bytes"; readonly bytes: Uint8Array }
  /** The last one. 1005: without a code, 1006: the connection broke (RFC 6455, 7.4.1). */
  | { readonly type: "close"; readonly code: number; readonly reason: string };

/** A WebSocket (RFC 6455). Pings are answered underneath. */
export interface Socket {
  /** Resolves when the message is on its way; throws `unavailable` when the connection has ended. */
  send(message: string | Uint8Array): Promise<void>;
  /** One call at a time. */
  receive(): Promise<Received>;
  close(code?: number, reason?: string): Promise<void>;
}

/** Bytes of a message where nobody says otherwise. */
export const longestMessage: number = 1024 * 1024;
