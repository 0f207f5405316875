//! The order export: made line by line while it is sent, so that its length costs no memory.

use std::{
    convert::Infallible,
    fmt::Write as _,
    pin::Pin,
    task::{Context, Poll},
};

use axum::body::{Body, HttpBody};
use bytes::Bytes;
use hyper::body::Frame;

use super::data::{self, FIRST_ORDER};

/// Orders in the export: more than the pages show, as an archive has.
pub(super) const EXPORTED: u32 = 5_000;
/// Orders a chunk.
const CHUNK: u32 = 100;

/// The body of `/export.csv`.
pub(super) fn csv() -> Body {
    Body::new(Export { sent: None })
}

struct Export {
    /// Orders sent so far; `None` before the heading.
    sent: Option<u32>,
}

impl HttpBody for Export {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let Some(sent) = self.sent else {
            self.sent = Some(0);
            // Spreadsheets of that age read UTF-8 only behind a byte order mark.
            let heading = "\u{feff}注文番号,受付番号,注文日時,購入者,届け先,状態,商品,点数,合計\r\n";
            return Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(heading.as_bytes())))));
        };
        if sent >= EXPORTED {
            return Poll::Ready(None);
        }
        let end = EXPORTED.min(sent + CHUNK);
        self.sent = Some(end);
        let mut lines = String::new();
        for n in sent..end {
            let order = data::order(FIRST_ORDER + n);
            let goods: Vec<&str> = order.lines.iter().map(|line| line.product.name).collect();
            let written = write!(
                lines,
                "{},{},{},{},{},{},{},{},{}\r\n",
                order.number,
                order.reference,
                order.placed,
                order.buyer,
                order.address,
                order.status.word(),
                quoted(&goods.join("、")),
                order.lines.iter().map(|line| line.quantity).sum::<u32>(),
                order.total(),
            );
            debug_assert!(written.is_ok(), "writing to a string does not fail");
        }
        Poll::Ready(Some(Ok(Frame::data(Bytes::from(lines)))))
    }
}

/// A field in quotes (RFC 4180 §2).
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}
