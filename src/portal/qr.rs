//! QR codes as one SVG path, so that a page needs no image and no `data:` address (ISO/IEC 18004).

use std::fmt::Write as _;

/// Light modules around the code (ISO/IEC 18004 §5.3.8).
const QUIET: i32 = 4;

/// What the template draws.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct QrPath {
    /// Modules on each side, with the quiet zone.
    pub(super) size: i32,
    /// The dark modules.
    pub(super) path: String,
}

/// The code of a text; a text too long for one gives an empty square (an `otpauth` address is far below that).
pub(super) fn path(text: &str) -> QrPath {
    let Ok(code) = qrcodegen::QrCode::encode_text(text, qrcodegen::QrCodeEcc::Medium) else {
        return QrPath { size: 2 * QUIET, path: String::new() };
    };
    let mut path = String::new();
    for y in 0..code.size() {
        let mut x = 0;
        while x < code.size() {
            let run = (x..code.size()).take_while(|x| code.get_module(*x, y)).fold(0, |run, _| run + 1);
            if run > 0 && write!(path, "M{},{}h{run}v1h-{run}z", x + QUIET, y + QUIET).is_err() {
                break;
            }
            x += run.max(1);
        }
    }
    QrPath { size: code.size() + 2 * QUIET, path }
}
