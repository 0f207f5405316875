//! An accepted WebSocket: bytes pass as they are until the session behind it ends; then the browser is told so between
//! two frames (RFC 6455 §5.5.1), never inside one. It reads nothing but where frames begin and end.

use std::{
    pin::Pin,
    sync::Mutex,
    task::{Context, Poll},
    time::Duration,
};

use tokio::time::{Instant, Sleep, sleep, sleep_until};

/// Until a frame that has begun is complete; then the connection ends in the middle of it.
const PATIENCE: Duration = Duration::from_secs(1);

/// Close, 1008 (policy violation, RFC 6455 §7.4.1), "session ended".
pub(super) const SESSION_ENDED: &[u8] = b"\x88\x0f\x03\xf0session ended";
/// Close, 1001 (going away), "idle".
pub(super) const IDLE: &[u8] = b"\x88\x06\x03\xe9idle";

/// What a tunnel waits for.
pub(crate) type SessionEnd = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A tunnel that may be bound to a session.
pub(super) struct Tunnel {
    /// Without a byte for this long it ends.
    idle: Duration,
    /// When that will be, as far as is known: bytes that pass do not move it, they are noted.
    quiet: Option<Pin<Box<Sleep>>>,
    passed_at: Instant,
    /// What the browser is told.
    last_word: &'static [u8],
    /// `None`: nobody is signed in behind it. In a mutex only because a stream has to be shareable.
    session: Option<Mutex<SessionEnd>>,
    /// Towards the browser.
    frames: Frames,
    /// The session has ended; the frame in work may be completed until then.
    ending: Option<Pin<Box<Sleep>>>,
}

/// What a reader of the tunnel does now.
pub(super) enum Turn {
    /// Reads on.
    PassOn,
    /// Reads on until the frame in work is complete.
    Wait,
    /// Says that it is over; `false`: cannot, a frame is not complete.
    Close(bool),
}

impl Tunnel {
    /// Follows the head of the answer that accepts it, which is still to be written.
    pub(super) fn new(session: Option<SessionEnd>, idle: Duration) -> Self {
        Self {
            idle,
            quiet: None,
            passed_at: Instant::now(),
            last_word: SESSION_ENDED,
            session: session.map(Mutex::new),
            frames: Frames::default(),
            ending: None,
        }
    }

    /// Bytes passed, whichever way.
    pub(super) fn passed(&mut self) {
        self.passed_at = Instant::now();
    }

    pub(super) const fn last_word(&self) -> &'static [u8] {
        self.last_word
    }

    fn is_idle(&mut self, cx: &mut Context<'_>) -> bool {
        loop {
            let until = self.passed_at + self.idle;
            let quiet = self.quiet.get_or_insert_with(|| Box::pin(sleep_until(until)));
            if quiet.as_mut().poll(cx).is_pending() {
                return false;
            }
            if until <= Instant::now() {
                return true;
            }
            self.quiet = None;
        }
    }

    fn session_ended(&mut self, cx: &mut Context<'_>) -> bool {
        let Some(session) = &mut self.session else { return false };
        let session = session.get_mut().unwrap_or_else(std::sync::PoisonError::into_inner);
        let ended = session.as_mut().poll(cx).is_ready();
        if ended {
            self.session = None;
        }
        ended
    }

    pub(super) fn poll_turn(&mut self, cx: &mut Context<'_>) -> Turn {
        if self.ending.is_none() {
            if self.session_ended(cx) {
                self.last_word = SESSION_ENDED;
            } else if self.is_idle(cx) {
                self.last_word = IDLE;
            } else {
                return Turn::PassOn;
            }
        }
        if self.frames.between() {
            return Turn::Close(true);
        }
        let deadline = self.ending.get_or_insert_with(|| Box::pin(sleep(PATIENCE)));
        match deadline.as_mut().poll(cx) {
            Poll::Ready(()) => Turn::Close(false),
            Poll::Pending => Turn::Wait,
        }
    }

    /// How many of these bytes may still go to the browser.
    pub(super) fn may_write(&self, bytes: &[u8]) -> usize {
        if self.ending.is_some() { self.frames.until_between(bytes) } else { bytes.len() }
    }

    /// These went. `true`: whoever waits for the end of a frame goes on.
    pub(super) fn wrote(&mut self, bytes: &[u8]) -> bool {
        self.passed();
        self.frames.advance(bytes);
        self.ending.is_some() && self.frames.between()
    }
}

/// Where frames begin and end in one direction (RFC 6455 §5.2), after the head of the answer before them.
#[derive(Clone, Debug)]
enum Frames {
    /// In the head; so much of its last four bytes came.
    Answer(usize),
    /// In the header of a frame; these bytes came.
    Header([u8; 14], usize),
    /// In its payload; so many bytes are missing.
    Payload(u64),
}

impl Default for Frames {
    fn default() -> Self {
        Self::Answer(0)
    }
}

const HEAD_ENDS: &[u8; 4] = b"\r\n\r\n";

impl Frames {
    const START: Self = Self::Header([0; 14], 0);

    const fn between(&self) -> bool {
        matches!(self, Self::Header(_, 0))
    }

    fn advance(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let taken = self.step(bytes);
            bytes = bytes.get(taken..).unwrap_or_default();
        }
    }

    /// The bytes that complete the frame in work; none between frames.
    fn until_between(&self, bytes: &[u8]) -> usize {
        let mut frames = self.clone();
        let mut taken = 0;
        while !frames.between() && taken < bytes.len() {
            taken += frames.step(bytes.get(taken..).unwrap_or_default());
        }
        taken
    }

    /// Takes at least one byte of several, at most up to the end of a part.
    fn step(&mut self, bytes: &[u8]) -> usize {
        match self {
            Self::Answer(matched) => {
                let byte = bytes.first().copied();
                *matched = match (byte, HEAD_ENDS.get(*matched)) {
                    (Some(byte), Some(expected)) if byte == *expected => *matched + 1,
                    (Some(b'\r'), _) => 1,
                    _ => 0,
                };
                if *matched == HEAD_ENDS.len() {
                    *self = Self::START;
                }
                1
            }
            Self::Header(header, came) => {
                if let (Some(place), Some(byte)) = (header.get_mut(*came), bytes.first()) {
                    *place = *byte;
                }
                *came += 1;
                if let Some(payload) = payload_after(header, *came) {
                    *self = if payload == 0 { Self::START } else { Self::Payload(payload) };
                }
                1
            }
            Self::Payload(left) => {
                let taken = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
                *left -= taken as u64;
                if *left == 0 {
                    *self = Self::START;
                }
                taken
            }
        }
    }
}

/// The length of the payload, once the header is complete.
fn payload_after(header: &[u8; 14], came: usize) -> Option<u64> {
    let [_, second, rest @ ..] = header;
    if came < 2 {
        return None;
    }
    let mask = if second & 0x80 == 0 { 0 } else { 4 };
    let (extended, payload) = match second & 0x7f {
        126 => (2, rest.first_chunk().map(|length| u64::from(u16::from_be_bytes(*length)))?),
        127 => (8, rest.first_chunk().map(|length| u64::from_be_bytes(*length))?),
        short => (0, u64::from(short)),
    };
    (came == 2 + extended + mask).then_some(payload)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\r\n\r\n";

    // What the second byte says where two, or eight, bytes of length follow.
    const TWO_FOLLOW: u8 = 0x7e;
    const EIGHT_FOLLOW: u8 = 0x7f;

    fn frame(length: usize, masked: bool) -> Vec<u8> {
        let mask = if masked { 0x80 } else { 0 };
        let mut frame = match length {
            0..126 => vec![0x82, mask | u8::try_from(length).unwrap()],
            126..65_536 => [&[0x82, mask | TWO_FOLLOW][..], &u16::try_from(length).unwrap().to_be_bytes()].concat(),
            _ => [&[0x82, mask | EIGHT_FOLLOW][..], &(length as u64).to_be_bytes()].concat(),
        };
        frame.extend_from_slice(if masked { &[1, 2, 3, 4] } else { &[] });
        frame.resize(frame.len() + length, b'\n');
        frame
    }

    #[test]
    fn frames_of_every_size_are_told_apart_however_they_are_cut() {
        let mut all = HEAD.to_vec();
        let mut ends = vec![all.len()];
        for (length, masked) in
            [(0, false), (1, true), (125, false), (126, true), (65_535, false), (65_536, true), (0, true)]
        {
            all.extend(frame(length, masked));
            ends.push(all.len());
        }
        for piece in [1, 2, 3, 7, 1000, usize::MAX] {
            let (mut frames, mut at, mut found) = (Frames::default(), 0, Vec::new());
            while at < all.len() {
                let bytes = &all[at..(at.saturating_add(piece)).min(all.len())];
                if piece == 1 {
                    frames.advance(bytes);
                    at += 1;
                } else {
                    let most = bytes.len().max(1);
                    let step = frames.step(&bytes[..most]);
                    at += step;
                }
                if frames.between() {
                    found.push(at);
                }
            }
            assert_eq!(found, ends, "pieces of {piece}");
        }
    }

    #[test]
    fn once_it_is_ending_only_the_frame_in_work_is_completed() {
        let mut tunnel = Tunnel::new(Some(Box::pin(std::future::ready(()))), Duration::from_mins(1));
        let whole = frame(300, false);
        tunnel.wrote(HEAD);
        tunnel.wrote(&whole[..10]);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let _inside = runtime.enter();
        let mut cx = Context::from_waker(std::task::Waker::noop());
        assert!(matches!(tunnel.poll_turn(&mut cx), Turn::Wait));
        let rest = [&whole[10..], &frame(5, false)].concat();
        let may = tunnel.may_write(&rest);
        assert_eq!(may, whole.len() - 10, "the next frame does not begin");
        assert!(!tunnel.wrote(&rest[..may - 1]));
        assert!(tunnel.wrote(&rest[may - 1..may]));
        assert_eq!(tunnel.may_write(&rest), 0);
        assert!(matches!(tunnel.poll_turn(&mut cx), Turn::Close(true)));
    }
}
