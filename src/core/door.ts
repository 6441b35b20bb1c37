import type { Fetched, FetchOptions } from "./platform.ts";
import type { Actor } from "./tool.ts";

export interface DoorRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal: AbortSignal;
  /** Name of a secret that the door adds by itself, at its own host only: `brave`. */
  readonly credential?: string;
  /** Asked before each request, also after a redirect; throws to refuse. */
  readonly mayGo?: (url: URL) => void;
}

/** What came back, after all redirects. */
export interface DoorResponse {
  readonly response: Response;
  readonly url: string;
}

/**
 * The way out for tools. Every host is resolved once, its address judged by the policy and that very address
 * connected to; each redirect anew. Throws `refused` with the reason and how to allow it, else as `Fetch` does.
 */
export interface Door {
  fetch(actor: Actor, url: string, request: DoorRequest): Promise<DoorResponse>;
}

/** The way out for tools and for models. */
export interface OuterDoor extends Door {
  readonly toModel: ModelDoor;
}

/** `key`: which of the provider's keys, counted from 0; undefined: without one. */
export type ModelDoor = (provider: string, key: number | undefined) => ProviderDoor;

/**
 * The way to one provider of the configuration. Its address is the owner's word, so it may be private; what
 * `blocked_domains` has and cloud metadata are refused all the same. Redirects are not followed.
 */
export interface ProviderDoor {
  /** The door adds the key and the provider's own headers. Throws `refused` at another origin than the provider's. */
  fetch(url: string, request: ProviderRequest): Promise<Fetched>;
  /** The text without the key, which some providers repeat in what they say. */
  hide(text: string): string;
}

export interface ProviderRequest extends FetchOptions {
  /** The header that gets the key: `authorization` as `Bearer KEY`, any other as it is. */
  readonly keyIn: string;
}
