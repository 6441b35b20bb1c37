import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  pbkdf2,
  sign,
  timingSafeEqual,
  verify,
} from "node:crypto";
import { promisify } from "node:util";
import type { Crypto } from "../../core/crypto.ts";

const tagBytes = 16;

export const nodeCrypto: Crypto = {
  hash: (digest, bytes) => new Uint8Array(createHash(digest).update(bytes).digest()),
  hmac: (digest, key, bytes) => new Uint8Array(createHmac(digest, key).update(bytes).digest()),
  equal: (a, b) => a.length === b.length && timingSafeEqual(a, b),
  seal({ key, nonce, extra }, text) {
    const cipher = createCipheriv("aes-256-gcm", key, nonce);
    if (extra) cipher.setAAD(extra);
    return new Uint8Array(Buffer.concat([cipher.update(text), cipher.final(), cipher.getAuthTag()]));
  },
  open({ key, nonce, extra }, sealed) {
    const decipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: tagBytes });
    if (sealed.length < tagBytes) return undefined;
    if (extra) decipher.setAAD(extra);
    decipher.setAuthTag(sealed.subarray(-tagBytes));
    const text = decipher.update(sealed.subarray(0, -tagBytes));
    try {
      return new Uint8Array(Buffer.concat([text, decipher.final()]));
    } catch {
      return undefined;
    }
  },
  stretch: async (password, salt, iterations) =>
    new Uint8Array(await promisify(pbkdf2)(password, salt, iterations, 32, "sha256")),
  ed25519: {
    publicKey: (seed) =>
      new Uint8Array(createPublicKey(privateKey(seed)).export({ format: "der", type: "spki" }).subarray(-32)),
    sign: (seed, bytes) => new Uint8Array(sign(null, bytes, privateKey(seed))),
    verify(key, bytes, signature) {
      if (key.length !== 32) return false;
      const der = Buffer.concat([spkiHead, key]);
      return verify(null, bytes, createPublicKey({ key: der, format: "der", type: "spki" }), signature);
    },
  },
};

/** What stands before the 32 bytes of a key (RFC 8410, section 10). */
const pkcs8Head = Buffer.from("302e020100300506032b657004220420", "hex");
const spkiHead = Buffer.from("302a300506032b6570032100", "hex");

function privateKey(seed: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([pkcs8Head, seed]), format: "der", type: "pkcs8" });
}
