//! UTF-8 by the Encoding standard, streaming, and base64.

use crate::{
    fault::Fault,
    value::{Octets, uint8_array},
};
use data_encoding::{BASE64, BASE64_NOPAD, Encoding};
use rquickjs::{Class, Ctx, JsLifetime, Object, Result, Value, class::Trace, prelude::Func};
use std::cell::{Cell, RefCell};

pub fn init<'js>(_: &Ctx<'js>, host: &Object<'js>) -> Result<()> {
    host.set(
        "utf8",
        Func::from(|ctx: Ctx<'js>, text: String| uint8_array(&ctx, text.into_bytes())),
    )?;
    host.set("decoder", Func::from(decoder))?;
    host.set("btoa", Func::from(btoa))?;
    host.set("atob", Func::from(atob))
}

/// None when a character is no byte.
fn btoa(binary: String) -> Option<String> {
    let bytes: Option<Vec<u8>> = binary
        .chars()
        .map(|character| u8::try_from(u32::from(character)).ok())
        .collect();
    Some(BASE64.encode(&bytes?))
}

/// Forgiving-base64 decode (Infra standard, 7); None when it is not base64.
fn atob(base64: String) -> Option<String> {
    let mut text: String = base64
        .chars()
        .filter(|character| !matches!(character, '\t' | '\n' | '\x0c' | '\r' | ' '))
        .collect();
    if text.len() % 4 == 0 {
        let plain = text
            .strip_suffix("==")
            .or_else(|| text.strip_suffix('='))
            .unwrap_or(&text)
            .len();
        text.truncate(plain);
    }
    Some(
        BASE64_LOOSE
            .decode(text.as_bytes())
            .ok()?
            .into_iter()
            .map(char::from)
            .collect(),
    )
}

/// Without padding, and with whatever stands in the bits that do not count.
static BASE64_LOOSE: std::sync::LazyLock<Encoding> = std::sync::LazyLock::new(|| {
    let mut specification = BASE64_NOPAD.specification();
    specification.check_trailing_bits = false;
    specification.encoding().unwrap_or(BASE64_NOPAD)
});

fn decoder(ctx: Ctx<'_>, fatal: bool, keep_bom: bool) -> Result<Class<'_, Decoder>> {
    Class::instance(
        ctx,
        Decoder {
            fatal,
            keep_bom,
            begun: Cell::new(false),
            pending: RefCell::default(),
        },
    )
}

/// Decodes UTF-8 piece by piece; what is left of a character at the end of a piece waits for the next.
#[derive(Trace, JsLifetime)]
#[rquickjs::class]
pub struct Decoder {
    fatal: bool,
    keep_bom: bool,
    /// Whether the place where a byte order mark may stand is behind us.
    #[qjs(skip_trace)]
    begun: Cell<bool>,
    #[qjs(skip_trace)]
    pending: RefCell<Vec<u8>>,
}

#[rquickjs::methods]
impl Decoder {
    /// `more`: further pieces follow. Throws `ERR_ENCODING` on a malformed sequence when the decoder is fatal.
    fn decode<'js>(&self, ctx: Ctx<'js>, bytes: Octets, more: bool) -> Result<Value<'js>> {
        let mut all = self.pending.take();
        all.extend_from_slice(&bytes.0);
        let (mut text, rest) = decode(&all, self.fatal, more).map_err(|()| {
            self.begun.set(false);
            Fault::new("ERR_ENCODING", "the bytes are not UTF-8").throw(&ctx)
        })?;
        if !self.begun.get() && !text.is_empty() {
            self.begun.set(true);
            if !self.keep_bom && text.starts_with('\u{feff}') {
                text.drain(..'\u{feff}'.len_utf8());
            }
        }
        if more {
            self.pending.replace(rest.to_vec());
        } else {
            self.begun.set(false);
        }
        Ok(rquickjs::String::from_str(ctx, &text)?.into_value())
    }
}

/// The text, and the bytes of a character that is not complete yet. Malformed sequences become U+FFFD, one for each
/// maximal part of a valid one, or are an error.
pub fn decode(bytes: &[u8], fatal: bool, more: bool) -> std::result::Result<(String, &[u8]), ()> {
    let mut text = String::with_capacity(bytes.len());
    let mut rest = bytes;
    loop {
        let error = match std::str::from_utf8(rest) {
            Ok(valid) => {
                text.push_str(valid);
                return Ok((text, &[]));
            }
            Err(error) => error,
        };
        let (valid, after) = rest.split_at(error.valid_up_to());
        text.push_str(std::str::from_utf8(valid).map_err(|_| ())?);
        match error.error_len() {
            None if more => return Ok((text, after)),
            _ if fatal => return Err(()),
            length => {
                text.push('\u{fffd}');
                rest = &after[length.unwrap_or(after.len())..];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::decode;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn whole_is_as_the_standard_library_says(bytes: Vec<u8>) {
            let (text, rest) = decode(&bytes, false, false).unwrap_or_default();
            prop_assert_eq!(text, String::from_utf8_lossy(&bytes));
            prop_assert!(rest.is_empty());
        }

        #[test]
        fn in_pieces_is_as_whole(bytes: Vec<u8>, cuts: Vec<prop::sample::Index>) {
            let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
            places.sort_unstable();
            let mut text = String::new();
            let mut pending: Vec<u8> = Vec::new();
            let mut from = 0;
            for to in places {
                pending.extend_from_slice(&bytes[from..to]);
                let (piece, rest) = decode(&pending, false, true).unwrap_or_default();
                text.push_str(&piece);
                pending = rest.to_vec();
                from = to;
            }
            pending.extend_from_slice(&bytes[from..]);
            text.push_str(&decode(&pending, false, false).unwrap_or_default().0);
            prop_assert_eq!(text, String::from_utf8_lossy(&bytes));
        }

        #[test]
        fn fatal_takes_what_is_valid_and_nothing_else(bytes: Vec<u8>) {
            prop_assert_eq!(decode(&bytes, true, false).is_ok(), std::str::from_utf8(&bytes).is_ok());
        }
    }
}
