/** A place where somebody can be talked to. */
export interface Address {
  readonly channel: string;
  readonly chat: string;
  readonly thread?: string;
}
