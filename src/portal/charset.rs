//! Which encoding the text of a kept form is in. Pages in Shift_JIS, EUC-JP or Windows-1252 send their forms in it and do
//! not say so; what is decoded here is only ever shown. What is sent on are the bytes that came.

use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::Encoding;

/// An encoding of the WHATWG Encoding Standard.
#[derive(Clone, Copy, Debug)]
pub(super) struct Charset(&'static Encoding);

impl Charset {
    /// Of whatever says so, and of what is read as it.
    pub(super) const UTF_8: Self = Self(encoding_rs::UTF_8);

    /// The one that is named in `content_type`, else UTF-8 if it is that, else the likeliest for all of these together.
    pub(super) fn of(content_type: &str, texts: &[&[u8]]) -> Self {
        let named = content_type.split(';').skip(1).find_map(|parameter| {
            let (name, value) = parameter.split_once('=')?;
            let value = value.trim().trim_matches('"');
            name.trim().eq_ignore_ascii_case("charset").then(|| Encoding::for_label(value.as_bytes()))?
        });
        if let Some(encoding) = named {
            return Self(encoding);
        }
        if texts.iter().all(|text| std::str::from_utf8(text).is_ok()) {
            return Self::UTF_8;
        }
        let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
        for text in texts {
            detector.feed(text, false);
            detector.feed(b"\n", false);
        }
        detector.feed(b"", true);
        // Where it cannot be told, a Japanese page is likelier than any other that is not in UTF-8.
        Self(detector.guess(Some(b"jp"), Utf8Detection::Deny))
    }

    /// `None`: it is no text in this encoding.
    pub(super) fn text(self, bytes: &[u8]) -> Option<Cow<'_, str>> {
        let text = self.0.decode_without_bom_handling_and_without_replacement(bytes)?;
        // Every byte means something in some encodings; a text holds no control characters but these.
        let plain = |c: char| !c.is_control() || matches!(c, '\t' | '\n' | '\r');
        text.chars().all(plain).then_some(text)
    }
}
