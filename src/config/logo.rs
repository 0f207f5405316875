//! The operator's logo. It is served from the sign-in's own address, so it must be a picture and nothing else.

use std::{fs, path::Path};

use bytes::Bytes;

/// Larger than any logo needs, small enough to be sent to everybody.
const MOST: u64 = 256 * 1024;

/// A picture that was looked through.
#[derive(Clone, Debug)]
pub struct Logo {
    /// Its bytes.
    pub bytes: Bytes,
    /// Its media type.
    pub kind: &'static str,
}

/// Why a file is no logo.
#[derive(Debug, thiserror::Error)]
pub enum LogoError {
    /// It cannot be read.
    #[error("it cannot be read: {0}")]
    Unreadable(#[from] std::io::Error),
    /// More than 256 KiB.
    #[error("it is larger than 256 KiB")]
    TooLarge,
    /// Neither format.
    #[error("it is neither an SVG nor a PNG picture")]
    NoPicture,
    /// An SVG that is more than a picture.
    #[error("the SVG holds {0}, which a picture does not need; export it as a plain SVG, or as PNG")]
    MoreThanAPicture(&'static str),
}

/// What an SVG must not hold, in lower case, and its name for people.
const NOT_IN_A_PICTURE: [(&str, &str); 8] = [
    ("<script", "a script"),
    ("javascript:", "a script"),
    ("<foreignobject", "foreign content"),
    ("<iframe", "foreign content"),
    ("<!entity", "an entity"),
    ("<use", "a reference"),
    ("@import", "a reference"),
    ("http-equiv", "foreign content"),
];

impl Logo {
    /// Reads and looks through a file.
    pub fn read(file: &Path) -> Result<Self, LogoError> {
        if fs::metadata(file)?.len() > MOST {
            return Err(LogoError::TooLarge);
        }
        Self::of(fs::read(file)?)
    }

    fn of(bytes: Vec<u8>) -> Result<Self, LogoError> {
        if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
            return Ok(Self { bytes: bytes.into(), kind: "image/png" });
        }
        let Ok(text) = std::str::from_utf8(&bytes) else { return Err(LogoError::NoPicture) };
        let lower = text.trim_start_matches('\u{feff}').trim_start().to_lowercase();
        if !(lower.starts_with("<svg") || lower.starts_with("<?xml") || lower.starts_with("<!--"))
            || !lower.contains("<svg")
        {
            return Err(LogoError::NoPicture);
        }
        let found = NOT_IN_A_PICTURE.into_iter().find(|(sign, _)| lower.contains(sign));
        if let Some((_, what)) = found {
            return Err(LogoError::MoreThanAPicture(what));
        }
        let mut references = lower.split("href").skip(1).filter_map(|rest| rest.trim_start().strip_prefix('='));
        let local = |value: &str| value.trim_start().trim_start_matches(['"', '\'']).starts_with('#');
        if !references.all(local) || !lower.split("url(").skip(1).all(local) {
            return Err(LogoError::MoreThanAPicture("a reference"));
        }
        let handler = |word: &str| word.starts_with("on") && word.contains('=');
        if lower.split(|c: char| c.is_whitespace() || c == '/').any(handler) {
            return Err(LogoError::MoreThanAPicture("a script"));
        }
        Ok(Self { bytes: bytes.into(), kind: "image/svg+xml" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_taken_and_nothing_else() {
        let read = |text: &str| Logo::of(text.as_bytes().to_vec()).map(|logo| logo.kind).map_err(|e| e.to_string());
        for picture in [
            "<svg xmlns=\"http://www.w3.org/2000/svg\"><path d=\"M0 0h1\"/></svg>",
            "<?xml version=\"1.0\"?>\n<svg><linearGradient id=\"a\"/><path fill=\"url(#a)\"/></svg>",
            "\u{feff}<!-- drawn by hand --><svg><a href=\"#b\"><path/></a></svg>",
        ] {
            assert_eq!(read(picture).as_deref(), Ok("image/svg+xml"), "{picture}");
        }
        for more in [
            "<svg><script>1</script></svg>",
            "<svg onload=\"x()\"></svg>",
            "<svg><path\nonclick='x()'/></svg>",
            "<svg><image href=\"https://elsewhere.example/x.png\"/></svg>",
            "<svg><image xlink:href = 'data:image/png;base64,AAAA'/></svg>",
            "<svg><style>@import 'x.css'</style></svg>",
            "<svg><path fill=\"url(https://elsewhere.example)\"/></svg>",
            "<!-- --><!DOCTYPE svg [<!ENTITY a \"b\">]><svg>&a;</svg>",
            "<svg><foreignObject/></svg>",
        ] {
            assert!(read(more).is_err_and(|why| why.contains("a picture does not need")), "{more}");
        }
        for no_picture in ["", "<html><svg></svg></html>", "GIF89a", "\u{0}"] {
            assert!(read(no_picture).is_err_and(|why| why.contains("neither")), "{no_picture}");
        }
        assert_eq!(Logo::of(b"\x89PNG\r\n\x1a\nrest".to_vec()).map(|logo| logo.kind).ok(), Some("image/png"));
    }
}
