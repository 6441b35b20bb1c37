import { describe, expect, test } from "vitest";
import type { Crypto } from "../../src/core/crypto.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const hex = (given: Uint8Array) => [...given].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const unhex = (text: string) => Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

/** What `Crypto` promises, by the test vectors of the standards. */
export function cryptoContract(name: string, crypto: Crypto): void {
  describe(`crypto: ${name}`, () => {
    test.each([
      ["sha1", "a9993e364706816aba3e25717850c26c9cd0d89d"],
      ["sha256", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
      ["sha384", "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7"],
      [
        "sha512",
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
      ],
    ] as const)("%s is that of FIPS 180-4", (digest, expected) => {
      expect(hex(crypto.hash(digest, bytes("abc")))).toBe(expected);
    });

    test("HMAC-SHA-256 is that of RFC 4231, case 2, and the others differ", () => {
      const [key, text] = [bytes("Jefe"), bytes("what do ya want for nothing?")];
      expect(hex(crypto.hmac("sha256", key, text))).toBe(
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
      );
      expect(hex(crypto.hmac("sha1", key, text))).toBe("effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
      expect(crypto.hmac("sha512", key, text)).toHaveLength(64);
    });

    test.each([
      ["passwd", "salt", 1, "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc"],
      ["Password", "NaCl", 80_000, "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56"],
    ])("a key stretched of %s is that of RFC 7914, section 11", async (password, salt, iterations, expected) => {
      expect(hex(await crypto.stretch(bytes(password), bytes(salt), iterations))).toBe(expected);
      await expect(crypto.stretch(bytes(password), bytes(salt), 0)).rejects.toThrow();
    });

    test("equal is equal, and nothing else is", () => {
      expect(crypto.equal(bytes("same"), bytes("same"))).toBe(true);
      expect(crypto.equal(bytes("same"), bytes("sane"))).toBe(false);
      expect(crypto.equal(bytes("same"), bytes("same!"))).toBe(false);
      expect(crypto.equal(bytes(""), bytes(""))).toBe(true);
    });

    test("AES-256-GCM is that of the GCM specification, case 16", () => {
      const key = unhex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308");
      const nonce = unhex("cafebabefacedbaddecaf888");
      const extra = unhex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
      const text = unhex(
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
      );
      const sealed = crypto.seal({ key, nonce, extra }, text);
      expect(hex(sealed.subarray(-16))).toBe("76fc6ece0f4e1768cddf8853bb2d551b");
      expect(hex(sealed.subarray(0, 16))).toBe("522dc1f099567d07f47f37a32a84427d");
      expect(crypto.open({ key, nonce, extra }, sealed)).toEqual(text);
    });

    test("what was changed cannot be opened, by whatever bit", () => {
      const [key, nonce] = [new Uint8Array(32).fill(7), new Uint8Array(12)];
      const sealed = crypto.seal({ key, nonce, extra: bytes("for ann") }, bytes("secret"));
      for (let at = 0; at < sealed.length; at++) {
        const bent = sealed.map((byte, index) => (index === at ? byte ^ 1 : byte));
        expect(crypto.open({ key, nonce, extra: bytes("for ann") }, bent)).toBe(undefined);
      }
      expect(crypto.open({ key, nonce, extra: bytes("for bob") }, sealed)).toBe(undefined);
      expect(crypto.open({ key, nonce }, new Uint8Array(3))).toBe(undefined);
      expect(() => crypto.seal({ key: new Uint8Array(5), nonce }, bytes("x"))).toThrow();
      expect(() => crypto.seal({ key, nonce: new Uint8Array(0) }, bytes("x"))).toThrow();
    });

    test("Ed25519 is that of RFC 8032, test 2, and forgeries are seen", () => {
      const seed = unhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
      const key = crypto.ed25519.publicKey(seed);
      expect(hex(key)).toBe("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
      const signature = crypto.ed25519.sign(seed, unhex("72"));
      expect(hex(signature).slice(0, 32)).toBe("92a009a9f0d4cab8720e820b5f642540");
      expect(crypto.ed25519.verify(key, unhex("72"), signature)).toBe(true);
      expect(crypto.ed25519.verify(key, unhex("73"), signature)).toBe(false);
      expect(crypto.ed25519.verify(key, unhex("72"), new Uint8Array(64))).toBe(false);
      expect(crypto.ed25519.verify(new Uint8Array(5), unhex("72"), signature)).toBe(false);
    });
  });
}
