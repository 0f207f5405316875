//! HTTP/1 request heads and chunked bodies, judged on the bytes as they came (RFC 9112), and what of that holds for
//! heads of HTTP/2 as well. Pure; no I/O.
//!
//! The parser behind this one repairs and hides things (it escapes illegal request lines, takes bare LF, drops
//! Content-Length beside Transfer-Encoding). Where the standard leaves a choice, this refuses: nobody knows how the
//! console's parser would read the same bytes.

use std::net::Ipv6Addr;

use crate::config::Limits;

/// What a client may send before it is known.
#[derive(Clone, Copy, Debug)]
pub(super) struct HeadLimits {
    /// Bytes of the whole head.
    pub bytes: usize,
    /// Header fields.
    pub headers: usize,
    /// Bytes of the request target.
    pub target: usize,
}

impl HeadLimits {
    /// From the configuration.
    pub(super) const fn new(limits: &Limits) -> Self {
        Self { bytes: limits.head_bytes, headers: limits.header_count, target: limits.target_bytes }
    }
}

/// Why a request is not passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// Status of the answer.
    pub status: u16,
    /// For the log; never holds what the client sent.
    pub reason: &'static str,
}

const fn bad(reason: &'static str) -> Fault {
    Fault { status: 400, reason }
}

/// Where the body ends.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// After this many bytes.
    Length(u64),
    /// After the last chunk.
    Chunked,
}

/// Bytes of the longest header name.
const NAME_BYTES: usize = 256;
/// Bytes of the longest method and version around the target.
const REQUEST_LINE_REST: usize = 40;

/// Finds the end of a head while it arrives and refuses line ends and bytes that no head may hold as soon as they are
/// seen.
#[derive(Debug, Default)]
pub(super) struct HeadScan {
    scanned: usize,
    line_start: usize,
    lines: usize,
    after_cr: bool,
}

impl HeadScan {
    /// `buffered` is everything received of this head so far. `Some(length)` when it is whole, empty line included.
    pub(super) fn advance(&mut self, buffered: &[u8], limits: &HeadLimits) -> Result<Option<usize>, Fault> {
        for (at, &byte) in buffered.iter().enumerate().skip(self.scanned) {
            if at >= limits.bytes {
                return Err(Fault { status: 431, reason: "head too large" });
            }
            if self.lines == 0 && at > limits.target + REQUEST_LINE_REST {
                return Err(Fault { status: 414, reason: "request target too long" });
            }
            match (self.after_cr, byte) {
                (true, b'\n') => {
                    let empty = at == self.line_start + 1;
                    if empty && self.lines == 0 {
                        return Err(bad("empty line before the request line"));
                    }
                    if empty {
                        return Ok(Some(at + 1));
                    }
                    self.lines += 1;
                    if self.lines > limits.headers + 1 {
                        return Err(Fault { status: 431, reason: "too many header fields" });
                    }
                    self.line_start = at + 1;
                    self.after_cr = false;
                }
                (true, _) => return Err(bad("bare CR")),
                (false, b'\n') => return Err(bad("bare LF")),
                (false, b'\r') => self.after_cr = true,
                (false, b'\t' | b' '..=b'~' | 0x80..) => {}
                (false, _) => return Err(bad("control character")),
            }
        }
        self.scanned = buffered.len();
        Ok(None)
    }
}

/// Judges a whole head that [`HeadScan`] has found. Returns where its body ends.
pub(super) fn judge(head: &[u8], limits: &HeadLimits) -> Result<Framing, Fault> {
    let mut lines = head.split(|&byte| byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let request_line = lines.next().ok_or(bad("no request line"))?;
    let (target, version) = judge_request_line(request_line, limits)?;

    let mut fields = Fields::default();
    for line in lines.take_while(|line| !line.is_empty()) {
        let (name, value) = split_field(line)?;
        fields.judge(name, value)?;
    }
    let Fields { host, length, chunked, upgrade } = fields;

    let host = host.ok_or(bad("no Host"))?;
    if !is_authority(host) {
        return Err(bad("Host is not a host"));
    }
    if let Target::Absolute { authority } = target
        && !authority.eq_ignore_ascii_case(host)
    {
        return Err(bad("target and Host name different hosts"));
    }
    if chunked && length.is_some() {
        return Err(bad("Content-Length beside Transfer-Encoding"));
    }
    if chunked && version == Version::Http10 {
        return Err(bad("Transfer-Encoding in HTTP/1.0"));
    }
    if upgrade && (chunked || length.is_some_and(|length| length > 0)) {
        return Err(bad("Upgrade with a body"));
    }
    Ok(if chunked { Framing::Chunked } else { Framing::Length(length.unwrap_or(0)) })
}

/// Judges the fields of a head that another parser has split, as HTTP/2 heads come.
pub(super) fn judge_fields<'a>(fields: impl Iterator<Item = (&'a [u8], &'a [u8])>) -> Result<(), Fault> {
    let mut judged = Fields::default();
    for (name, value) in fields {
        judged.judge(name, value)?;
    }
    Ok(())
}

/// What the fields of one head say of its framing so far.
#[derive(Default)]
struct Fields<'a> {
    host: Option<&'a [u8]>,
    length: Option<u64>,
    chunked: bool,
    upgrade: bool,
}

impl<'a> Fields<'a> {
    fn judge(&mut self, name: &[u8], value: &'a [u8]) -> Result<(), Fault> {
        if name.len() > NAME_BYTES {
            return Err(bad("header name too long"));
        }
        match Known::of(name)? {
            Some(Known::Host) if self.host.is_some() => return Err(bad("more than one Host")),
            Some(Known::Host) => self.host = Some(value),
            Some(Known::ContentLength) if self.length.is_some() => return Err(bad("more than one Content-Length")),
            Some(Known::ContentLength) => self.length = Some(judge_length(value)?),
            Some(Known::TransferEncoding) if self.chunked => return Err(bad("more than one Transfer-Encoding")),
            Some(Known::TransferEncoding) if value.eq_ignore_ascii_case(b"chunked") => self.chunked = true,
            Some(Known::TransferEncoding) => return Err(bad("transfer coding other than chunked")),
            Some(Known::Expect) if value.eq_ignore_ascii_case(b"100-continue") => {}
            Some(Known::Expect) => return Err(Fault { status: 417, reason: "unknown expectation" }),
            Some(Known::Upgrade) => self.upgrade = true,
            Some(Known::HopByHop) | None => {}
        }
        Ok(())
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Version {
    Http10,
    Http11,
}

pub(super) enum Target<'a> {
    Origin,
    Absolute { authority: &'a [u8] },
}

fn judge_request_line<'a>(line: &'a [u8], limits: &HeadLimits) -> Result<(Target<'a>, Version), Fault> {
    let mut parts = line.split(|&byte| byte == b' ');
    let (Some(method), Some(target), Some(version), None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(bad("request line is not method, target and version"));
    };
    let version = match version {
        b"HTTP/1.1" => Version::Http11,
        b"HTTP/1.0" => Version::Http10,
        version if version.starts_with(b"HTTP/") => return Err(Fault { status: 505, reason: "HTTP version" }),
        _ => return Err(bad("no HTTP version")),
    };
    judge_method(method)?;
    if target.len() > limits.target {
        return Err(Fault { status: 414, reason: "request target too long" });
    }
    Ok((judge_target(target)?, version))
}

/// The same in both protocol versions: names are case-sensitive (RFC 9110 §9.1), but a console that folds them would
/// carry out `post` where the rules saw none for it.
pub(super) fn judge_method(method: &[u8]) -> Result<(), Fault> {
    if method.is_empty() || !method.iter().all(|byte| byte.is_ascii_uppercase() || *byte == b'-') {
        return Err(bad("method is not upper-case letters"));
    }
    if method.len() > 24 {
        return Err(Fault { status: 501, reason: "method too long" });
    }
    // TRACE echoes credentials (RFC 9110 §9.3.8), CONNECT asks for a tunnel, PRI is HTTP/2's preface.
    if [b"CONNECT".as_slice(), b"TRACE", b"TRACK", b"PRI"].contains(&method) {
        return Err(Fault { status: 405, reason: "method refused" });
    }
    Ok(())
}

pub(super) fn judge_target(target: &[u8]) -> Result<Target<'_>, Fault> {
    let (form, origin) = if target.starts_with(b"/") {
        (Target::Origin, target)
    } else {
        let rest = strip_prefix_ignoring_case(target, b"https://")
            .or_else(|| strip_prefix_ignoring_case(target, b"http://"))
            .ok_or(bad("target is neither a path nor a URL"))?;
        let slash = rest.iter().position(|&byte| byte == b'/').ok_or(bad("URL in the request line has no path"))?;
        let (authority, origin) = rest.split_at(slash);
        (Target::Absolute { authority }, origin)
    };
    let mut in_query = false;
    for &byte in origin {
        match byte {
            b'?' => in_query = true,
            b'`' if in_query => {}
            // What browsers send raw and every parser behind us takes unrepaired. Not among them: space, controls,
            // `"`, `#`, `<`, `>`, backslash, and everything above ASCII.
            b'!' | b'$'..=b';' | b'=' | b'@'..=b'[' | b']'..=b'_' | b'a'..=b'~' => {}
            _ => return Err(bad("character in the target that has to be percent-encoded")),
        }
    }
    Ok(form)
}

fn strip_prefix_ignoring_case<'a>(text: &'a [u8], prefix: &[u8]) -> Option<&'a [u8]> {
    let (head, rest) = text.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(rest)
}

/// One header line to name and value without the white space around it (RFC 9112 §5).
fn split_field(line: &[u8]) -> Result<(&[u8], &[u8]), Fault> {
    if line.starts_with(b" ") || line.starts_with(b"\t") {
        return Err(bad("folded header line"));
    }
    let colon = line.iter().position(|&byte| byte == b':').ok_or(bad("header line without colon"))?;
    let (name, rest) = line.split_at(colon);
    if name.is_empty() || !name.iter().copied().all(is_token) {
        return Err(bad("header name is not a token"));
    }
    Ok((name, rest.strip_prefix(b":").unwrap_or(rest).trim_ascii()))
}

const fn is_token(byte: u8) -> bool {
    // RFC 9110 §5.6.2
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'#' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+' | b'-' | b'.' | b'^' | b'_' | b'`' | b'|' | b'~'
        )
}

/// The fields that decide where a message ends, for whom it is, and what ends at this hop.
enum Known {
    Host,
    ContentLength,
    TransferEncoding,
    Upgrade,
    Expect,
    HopByHop,
}

impl Known {
    /// A name that only folds to such a one is refused: a console behind CGI or WSGI would read it as the real one.
    fn of(name: &[u8]) -> Result<Option<Self>, Fault> {
        const NAMES: [(&[u8], Known); 12] = [
            (b"host", Known::Host),
            (b"content-length", Known::ContentLength),
            (b"transfer-encoding", Known::TransferEncoding),
            (b"upgrade", Known::Upgrade),
            (b"expect", Known::Expect),
            (b"connection", Known::HopByHop),
            (b"proxy-connection", Known::HopByHop),
            (b"keep-alive", Known::HopByHop),
            (b"te", Known::HopByHop),
            (b"trailer", Known::HopByHop),
            (b"http2-settings", Known::HopByHop),
            (b"proxy-authorization", Known::HopByHop),
        ];
        let Some((exact, known)) = NAMES.into_iter().find(|(known, _)| folds_to(name, known)) else {
            return Ok(None);
        };
        if name.eq_ignore_ascii_case(exact) { Ok(Some(known)) } else { Err(bad("misspelt name of a framing header")) }
    }
}

/// Whether `name` can be read as `known`, which is in lower case: with any other character for the hyphen, and with
/// such characters around it.
fn folds_to(name: &[u8], known: &[u8]) -> bool {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric();
    let start = name.iter().position(is_part).unwrap_or(name.len());
    let end = name.iter().rposition(is_part).map_or(name.len(), |last| last + 1);
    let name = name.get(start..end).unwrap_or_default();
    name.len() == known.len() && name.iter().copied().map(folded).eq(known.iter().copied())
}

/// A byte of a header name as CGI, WSGI and servlet containers may read it.
pub(super) const fn folded(byte: u8) -> u8 {
    if byte.is_ascii_alphanumeric() { byte.to_ascii_lowercase() } else { b'-' }
}

fn judge_length(value: &[u8]) -> Result<u64, Fault> {
    // RFC 9110 §8.6: 1*DIGIT, nothing else; 18 digits always fit.
    if value.is_empty() || value.len() > 18 || !value.iter().all(u8::is_ascii_digit) {
        return Err(bad("Content-Length is not a number"));
    }
    Ok(value.iter().fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0')))
}

/// `host` or `host:port` as a browser writes it: no user, no empty port, no percent-encoding.
pub(super) fn is_authority(value: &[u8]) -> bool {
    if value.len() > 255 {
        return false;
    }
    let Ok(value) = std::str::from_utf8(value) else {
        return false;
    };
    let (host_ok, port) = if let Some(rest) = value.strip_prefix('[') {
        let Some((address, rest)) = rest.split_once(']') else {
            return false;
        };
        (address.parse::<Ipv6Addr>().is_ok(), rest)
    } else {
        let (host, rest) = value.split_at(value.find(':').unwrap_or(value.len()));
        let in_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
        (!host.is_empty() && host.bytes().all(in_name), rest)
    };
    let port_ok = match port.strip_prefix(':') {
        None => port.is_empty(),
        Some(port) => {
            !port.is_empty()
                && port.bytes().all(|byte| byte.is_ascii_digit())
                && port.parse::<u16>().is_ok_and(|port| port > 0)
        }
    };
    host_ok && port_ok
}

/// Bytes of chunk extensions in one body, all together.
const EXTENSION_BYTES: usize = 4096;
/// Bytes of trailers.
const TRAILER_BYTES: usize = 8192;

/// Follows a chunked body (RFC 9112 §7.1) to its end, strictly. Extensions and trailers are read and dropped: nobody
/// behind us may take them for anything else.
#[derive(Debug)]
pub(super) struct Chunks {
    at: ChunkPart,
    extension_bytes: usize,
    trailer_bytes: usize,
}

#[derive(Debug)]
enum ChunkPart {
    Size { digits: u8, size: u64 },
    Extension { size: u64 },
    SizeLf { size: u64 },
    Data { left: u64 },
    DataCr,
    DataLf,
    TrailerStart,
    Trailer,
    TrailerLf,
    EndLf,
    Done,
}

/// What to do with the bytes at the front.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Run {
    /// Hand on this many (at least one).
    Keep(usize),
    /// Forget this many (at least one).
    Drop(usize),
    /// The body is over; these bytes are not part of it.
    Done,
}

impl Chunks {
    /// At the first byte of the body.
    pub(super) const fn new() -> Self {
        Self { at: ChunkPart::Size { digits: 0, size: 0 }, extension_bytes: 0, trailer_bytes: 0 }
    }

    /// Whether the last byte of the body has been seen.
    pub(super) const fn is_done(&self) -> bool {
        matches!(self.at, ChunkPart::Done)
    }

    /// Judges the front of `input`, which is not empty.
    pub(super) fn advance(&mut self, input: &[u8]) -> Result<Run, Fault> {
        let Some(&byte) = input.first() else {
            return Ok(Run::Done);
        };
        let (next, run) = match self.at {
            ChunkPart::Size { digits, size } => match (byte, char::from(byte).to_digit(16)) {
                (_, Some(_)) if digits == 15 => return Err(bad("chunk size too large")),
                (_, Some(digit)) => {
                    (ChunkPart::Size { digits: digits + 1, size: size * 16 + u64::from(digit) }, Run::Keep(1))
                }
                (b';', None) if digits > 0 => (ChunkPart::Extension { size }, Run::Drop(1)),
                (b'\r', None) if digits > 0 => (ChunkPart::SizeLf { size }, Run::Keep(1)),
                _ => return Err(bad("chunk size is not a hexadecimal number")),
            },
            ChunkPart::Extension { size } => {
                self.extension_bytes += 1;
                match byte {
                    _ if self.extension_bytes > EXTENSION_BYTES => return Err(bad("chunk extensions too long")),
                    b'\r' => (ChunkPart::SizeLf { size }, Run::Keep(1)),
                    b'\t' | b' '..=b'~' => (ChunkPart::Extension { size }, Run::Drop(1)),
                    _ => return Err(bad("control character in a chunk extension")),
                }
            }
            ChunkPart::SizeLf { size } => {
                expect_lf(byte)?;
                (if size == 0 { ChunkPart::TrailerStart } else { ChunkPart::Data { left: size } }, Run::Keep(1))
            }
            ChunkPart::Data { left } => {
                let run = usize::try_from(left).unwrap_or(usize::MAX).min(input.len());
                let left = left - run as u64;
                (if left == 0 { ChunkPart::DataCr } else { ChunkPart::Data { left } }, Run::Keep(run))
            }
            ChunkPart::DataCr if byte == b'\r' => (ChunkPart::DataLf, Run::Keep(1)),
            ChunkPart::DataCr => return Err(bad("chunk longer than its size")),
            ChunkPart::DataLf => {
                expect_lf(byte)?;
                (ChunkPart::Size { digits: 0, size: 0 }, Run::Keep(1))
            }
            ChunkPart::TrailerStart if byte == b'\r' => (ChunkPart::EndLf, Run::Keep(1)),
            ChunkPart::TrailerStart | ChunkPart::Trailer => {
                self.trailer_bytes += 1;
                match byte {
                    _ if self.trailer_bytes > TRAILER_BYTES => return Err(bad("trailers too long")),
                    b'\r' => (ChunkPart::TrailerLf, Run::Drop(1)),
                    b'\t' | b' '..=b'~' | 0x80.. => (ChunkPart::Trailer, Run::Drop(1)),
                    _ => return Err(bad("control character in a trailer")),
                }
            }
            ChunkPart::TrailerLf => {
                expect_lf(byte)?;
                (ChunkPart::TrailerStart, Run::Drop(1))
            }
            ChunkPart::EndLf => {
                expect_lf(byte)?;
                (ChunkPart::Done, Run::Keep(1))
            }
            ChunkPart::Done => (ChunkPart::Done, Run::Done),
        };
        self.at = next;
        Ok(run)
    }
}

fn expect_lf(byte: u8) -> Result<(), Fault> {
    if byte == b'\n' { Ok(()) } else { Err(bad("CR without LF")) }
}

#[cfg(test)]
#[path = "wire_tests.rs"]
mod tests;
