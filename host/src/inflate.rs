//! Undoes `Content-Encoding` as a body streams: what a chunk holds is handed on at once.

use flate2::write::{MultiGzDecoder, ZlibDecoder};
use std::io::{self, Write};

pub enum Inflate {
    Gzip(MultiGzDecoder<Vec<u8>>),
    Zlib(ZlibDecoder<Vec<u8>>),
}

impl Inflate {
    /// None for what we do not undo.
    pub fn of(encoding: &str) -> Option<Inflate> {
        match encoding.trim().to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" => Some(Inflate::Gzip(MultiGzDecoder::new(Vec::new()))),
            "deflate" => Some(Inflate::Zlib(ZlibDecoder::new(Vec::new()))),
            _ => None,
        }
    }

    pub fn push(&mut self, bytes: &[u8]) -> io::Result<Vec<u8>> {
        match self {
            Inflate::Gzip(decoder) => {
                decoder.write_all(bytes)?;
                decoder.flush()?;
                Ok(std::mem::take(decoder.get_mut()))
            }
            Inflate::Zlib(decoder) => {
                decoder.write_all(bytes)?;
                decoder.flush()?;
                Ok(std::mem::take(decoder.get_mut()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Inflate;
    use flate2::{Compression, write::GzEncoder};
    use proptest::prelude::*;
    use std::io::Write;

    proptest! {
        #[test]
        fn gives_back_what_was_compressed(text: Vec<u8>, size in 1usize..64) {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
            encoder.write_all(&text)?;
            let packed = encoder.finish()?;
            let mut inflate = Inflate::of("gzip").ok_or(TestCaseError::fail("no gzip"))?;
            let mut out = Vec::new();
            for piece in packed.chunks(size) {
                out.extend(inflate.push(piece)?);
            }
            prop_assert_eq!(out, text);
        }

        #[test]
        fn noise_is_an_error_or_bytes(noise: Vec<u8>) {
            for encoding in ["gzip", "deflate"] {
                let _ = Inflate::of(encoding).map(|mut inflate| inflate.push(&noise).is_ok());
            }
        }
    }
}
