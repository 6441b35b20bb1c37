//! Bytes, between JavaScript and here.

use crate::fault::Fault;
use bytes::Bytes;
use rquickjs::{Ctx, FromJs, Result, TypedArray, Value};

/// A `Uint8Array` argument, copied.
pub struct Octets(pub Bytes);

impl<'js> FromJs<'js> for Octets {
    fn from_js(ctx: &Ctx<'js>, value: Value<'js>) -> Result<Octets> {
        octets(&value)
            .map(Octets)
            .ok_or_else(|| Fault::new("EINVAL", "a Uint8Array is wanted").throw(ctx))
    }
}

/// A text or `Uint8Array` as bytes; None for anything else.
pub fn octets(value: &Value<'_>) -> Option<Bytes> {
    if let Some(text) = value.as_string() {
        return text.to_string().ok().map(Bytes::from);
    }
    let array = value.as_object()?.as_typed_array::<u8>()?;
    Some(Bytes::copy_from_slice(array.as_bytes()?))
}

pub fn uint8_array<'js>(ctx: &Ctx<'js>, bytes: impl Into<Vec<u8>>) -> Result<Value<'js>> {
    Ok(TypedArray::<u8>::new(ctx.clone(), bytes)?.into_value())
}
