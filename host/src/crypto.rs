//! Random bytes, hashes, signatures and encryption, by ring.

use crate::{
    fault::Fault,
    files::elsewhere,
    value::{Octets, uint8_array},
};
use ring::{
    aead, digest, hmac, pbkdf2,
    rand::{SecureRandom, SystemRandom},
    signature::{self, Ed25519KeyPair, KeyPair},
};
use rquickjs::{Ctx, IntoJs, Object, Result, Value, prelude::Func};
use std::num::NonZeroU32;

pub fn init<'js>(_: &Ctx<'js>, host: &Object<'js>) -> Result<()> {
    host.set("randomBytes", Func::from(random_bytes))?;
    host.set("hash", Func::from(hash))?;
    host.set("hmac", Func::from(hmac_of))?;
    host.set("stretch", Func::from(stretch))?;
    host.set("equal", Func::from(|a: Octets, b: Octets| equal(&a.0, &b.0)))?;
    host.set("seal", Func::from(seal))?;
    host.set("open", Func::from(open))?;
    host.set("ed25519Public", Func::from(ed25519_public))?;
    host.set("ed25519Sign", Func::from(ed25519_sign))?;
    host.set("ed25519Verify", Func::from(ed25519_verify))
}

fn invalid(ctx: &Ctx<'_>, message: &str) -> rquickjs::Error {
    Fault::new("EINVAL", message).throw(ctx)
}

fn random_bytes(ctx: Ctx<'_>, count: usize) -> Result<Value<'_>> {
    const MOST: usize = 1 << 20;
    if count > MOST {
        return Err(invalid(&ctx, "more than 1 MiB of random bytes at once"));
    }
    let mut bytes = vec![0; count];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| Fault::new("EIO", "the system gives no random bytes").throw(&ctx))?;
    uint8_array(&ctx, bytes)
}

fn hash<'js>(ctx: Ctx<'js>, algorithm: String, bytes: Octets) -> Result<Value<'js>> {
    let algorithm = match algorithm.as_str() {
        "sha1" => &digest::SHA1_FOR_LEGACY_USE_ONLY,
        "sha256" => &digest::SHA256,
        "sha384" => &digest::SHA384,
        "sha512" => &digest::SHA512,
        _ => return Err(invalid(&ctx, "no such hash")),
    };
    uint8_array(&ctx, digest::digest(algorithm, &bytes.0).as_ref())
}

fn hmac_of<'js>(ctx: Ctx<'js>, algorithm: String, key: Octets, bytes: Octets) -> Result<Value<'js>> {
    let algorithm = match algorithm.as_str() {
        "sha1" => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        "sha256" => hmac::HMAC_SHA256,
        "sha384" => hmac::HMAC_SHA384,
        "sha512" => hmac::HMAC_SHA512,
        _ => return Err(invalid(&ctx, "no such hash")),
    };
    uint8_array(&ctx, hmac::sign(&hmac::Key::new(algorithm, &key.0), &bytes.0).as_ref())
}

struct Key([u8; 32]);

impl<'js> IntoJs<'js> for Key {
    fn into_js(self, ctx: &Ctx<'js>) -> Result<Value<'js>> {
        uint8_array(ctx, &self.0[..])
    }
}

/// PBKDF2-HMAC-SHA-256 (RFC 8018).
fn stretch<'js>(ctx: Ctx<'js>, password: Octets, salt: Octets, iterations: u32) -> Result<Value<'js>> {
    let count = NonZeroU32::new(iterations).ok_or_else(|| invalid(&ctx, "at least one iteration is wanted"))?;
    elsewhere(&ctx, move || {
        let mut key = [0; 32];
        pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, count, &salt.0, &password.0, &mut key);
        Ok(Key(key))
    })
}

/// In a time that does not depend on where they differ.
fn equal(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && std::hint::black_box(a.iter().zip(b).fold(0, |sum, (x, y)| sum | (x ^ y))) == 0
}

fn aes(ctx: &Ctx<'_>, key: &[u8], nonce: &[u8]) -> Result<(aead::LessSafeKey, aead::Nonce)> {
    let key = aead::UnboundKey::new(&aead::AES_256_GCM, key).map_err(|_| invalid(ctx, "the key must have 32 bytes"))?;
    let nonce =
        aead::Nonce::try_assume_unique_for_key(nonce).map_err(|_| invalid(ctx, "the nonce must have 12 bytes"))?;
    Ok((aead::LessSafeKey::new(key), nonce))
}

/// AES-256-GCM (NIST SP 800-38D): ciphertext, then the tag of 16 bytes.
fn seal<'js>(ctx: Ctx<'js>, key: Octets, nonce: Octets, text: Octets, extra: Octets) -> Result<Value<'js>> {
    let (key, nonce) = aes(&ctx, &key.0, &nonce.0)?;
    let mut bytes = text.0.to_vec();
    key.seal_in_place_append_tag(nonce, aead::Aad::from(&extra.0), &mut bytes)
        .map_err(|_| invalid(&ctx, "too long to encrypt at once"))?;
    uint8_array(&ctx, bytes)
}

fn open<'js>(ctx: Ctx<'js>, key: Octets, nonce: Octets, sealed: Octets, extra: Octets) -> Result<Value<'js>> {
    let (key, nonce) = aes(&ctx, &key.0, &nonce.0)?;
    let mut bytes = sealed.0.to_vec();
    match key.open_in_place(nonce, aead::Aad::from(&extra.0), &mut bytes) {
        Ok(text) => uint8_array(&ctx, &*text),
        Err(_) => Ok(Value::new_null(ctx)),
    }
}

fn key_pair(ctx: &Ctx<'_>, seed: &[u8]) -> Result<Ed25519KeyPair> {
    Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| invalid(ctx, "the seed must have 32 bytes"))
}

fn ed25519_public<'js>(ctx: Ctx<'js>, seed: Octets) -> Result<Value<'js>> {
    uint8_array(&ctx, key_pair(&ctx, &seed.0)?.public_key().as_ref())
}

fn ed25519_sign<'js>(ctx: Ctx<'js>, seed: Octets, bytes: Octets) -> Result<Value<'js>> {
    uint8_array(&ctx, key_pair(&ctx, &seed.0)?.sign(&bytes.0).as_ref())
}

fn ed25519_verify(key: Octets, bytes: Octets, given: Octets) -> bool {
    signature::UnparsedPublicKey::new(&signature::ED25519, &key.0).verify(&bytes.0, &given.0).is_ok()
}
