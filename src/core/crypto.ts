/** FIPS 180-4; SHA-1 only where others still ask for it. */
export type Digest = "sha1" | "sha256" | "sha384" | "sha512";

/** What is computed with keys. All of it is native on every engine. */
export interface Crypto {
  hash(digest: Digest, bytes: Uint8Array): Uint8Array;
  /** RFC 2104. */
  hmac(digest: Digest, key: Uint8Array, bytes: Uint8Array): Uint8Array;
  /** Whether they are the same, in a time that does not tell where they differ. */
  equal(a: Uint8Array, b: Uint8Array): boolean;
  /**
   * AES-256-GCM (NIST SP 800-38D): the ciphertext and behind it the tag of 16 bytes. The key has 32 bytes, the nonce
   * 12, never twice with one key; `extra` is not hidden, but may not be changed either. Throws on other lengths.
   */
  seal(sealing: Sealing, text: Uint8Array): Uint8Array;
  /** Undefined when it was changed, or sealed with something else. */
  open(sealing: Sealing, sealed: Uint8Array): Uint8Array | undefined;
  /** PBKDF2 with HMAC-SHA-256 (RFC 8018, 5.2): 32 bytes; at least one iteration. */
  stretch(password: Uint8Array, salt: Uint8Array, iterations: number): Promise<Uint8Array>;
  /** RFC 8032; the seed has 32 bytes. */
  readonly ed25519: {
    publicKey(seed: Uint8Array): Uint8Array;
    sign(seed: Uint8Array, bytes: Uint8Array): Uint8Array;
    verify(publicKey: Uint8Array, bytes: Uint8Array, signature: Uint8Array): boolean;
  };
}

export interface Sealing {
  readonly key: Uint8Array;
  readonly nonce: Uint8Array;
  readonly extra?: Uint8Array;
}
