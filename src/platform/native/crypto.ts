import type { Crypto } from "../../core/crypto.ts";
import { host } from "./host.ts";

const nothing = new Uint8Array();

export const nativeCrypto: Crypto = {
  hash: (digest, bytes) => host.hash(digest, bytes),
  hmac: (digest, key, bytes) => host.hmac(digest, key, bytes),
  equal: (a, b) => host.equal(a, b),
  seal: ({ key, nonce, extra = nothing }, text) => host.seal(key, nonce, text, extra),
  open: ({ key, nonce, extra = nothing }, sealed) => host.open(key, nonce, sealed, extra) ?? undefined,
  stretch: async (password, salt, iterations) => await host.stretch(password, salt, iterations),
  ed25519: {
    publicKey: (seed) => host.ed25519Public(seed),
    sign: (seed, bytes) => host.ed25519Sign(seed, bytes),
    verify: (key, bytes, signature) => host.ed25519Verify(key, bytes, signature),
  },
};
