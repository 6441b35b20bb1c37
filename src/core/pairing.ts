import type { Address } from "./address.ts";
import type { Actor } from "./tool.ts";

/** Somebody a channel brings, by the channel's own id of him. */
export type Person = Pick<Actor, "channel" | "sender">;

/** What pairing gives: 1 a known user, 2 an admin. */
export type PairedLevel = 1 | 2;

export interface Paired extends Person {
  readonly level: PairedLevel;
  /** Unix milliseconds. */
  readonly at: number;
}

/** A stranger with a code; the code itself only he has. */
export interface PendingPairing extends Person {
  /** Unix milliseconds. */
  readonly at: number;
  readonly until: number;
}

export interface PairingList {
  readonly pending: readonly PendingPairing[];
  readonly paired: readonly Paired[];
}

/** Strangers get a code, the owner lets in who has it. Changes are on the disk when they resolve. */
export interface Pairing {
  levelOf(person: Person): PairedLevel | undefined;
  list(): PairingList;
  /** Somebody nobody knows wrote from there: he gets a code, unless he has one or too many others wait. */
  ask(person: Person, from: Address): Promise<void>;
  /** Throws `missing` for a code that nobody has, `limit` after too many of those, `usage` for what is no code. */
  approve(code: string, level: PairedLevel): Promise<Paired>;
  /** False when he was not paired and had no code. */
  revoke(person: Person): Promise<boolean>;
  /** Tells who was let in while no channel was there to tell him. */
  resume(): Promise<void>;
}
