//! The byte stream between TLS and Pingora: a deadline for the whole request head, and every HTTP/1 head and chunked
//! body judged by [`wire`] before Pingora's parser sees a byte of it. It must never hand on a byte that belongs to a later
//! request.

use std::{
    fmt, io,
    pin::{Pin, pin},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU8, Ordering},
    },
    task::{Context, Poll, Waker, ready},
    time::Duration,
};

use async_trait::async_trait;
use bytes::{Buf as _, Bytes, BytesMut};
use pingora::protocols::{
    ALPN, GetProxyDigest, GetSocketDigest, GetTimingDigest, Peek, Shutdown, SocketDigest, Ssl, Stream, TimingDigest,
    UniqueID, UniqueIDType,
    raw_connect::ProxyDigest,
    tls::{SslDigest, TlsRef},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf},
    time::{Sleep, sleep},
};

use super::{
    handshake::Handshake,
    head::RequestId,
    pace::Pace,
    socket,
    tunnel::{SessionEnd, Tunnel, Turn},
    wire::{self, Chunks, Fault, Framing, HeadLimits, HeadScan, Run},
};
use crate::{config::Limits, entropy::SharedEntropy};

/// A refused client may go on sending this long and this much; a connection closed with bytes unread is reset, and a
/// reset can overtake the answer.
const LINGER: Duration = Duration::from_secs(1);
const LINGER_BYTES: usize = 256 * 1024;
/// Waiting for a client that sends a body, or takes an answer, that is looked at as a whole.
const UPLOAD_WINDOW: Duration = Duration::from_secs(30);
const DOWNLOAD_WINDOW: Duration = Duration::from_mins(1);
/// A client that has taken nothing for this long is not told how its answer ends: what waits for it is thrown away.
const STANDSTILL: Duration = Duration::from_secs(10);
/// Bytes with which every HTTP/2 client begins (RFC 9113 §3.4).
const PREFACE_BYTES: usize = 24;

/// What connections are held to.
#[derive(Clone, Debug)]
pub(crate) struct ConnectionRules {
    head: HeadLimits,
    pub(super) head_deadline: Duration,
    slowest_upload: u64,
    slowest_download: u64,
    entropy: SharedEntropy,
}

impl ConnectionRules {
    /// From the configuration.
    pub(crate) fn new(limits: &Limits, entropy: SharedEntropy) -> Self {
        let Limits { head_deadline, slowest_upload, slowest_download, .. } = *limits;
        Self { head: HeadLimits::new(limits), head_deadline, slowest_upload, slowest_download, entropy }
    }
}

/// Set by the gateway while it works on the request whose head it got last.
const ANSWERED: u8 = 1;
const UPGRADED: u8 = 2;

/// An HTTP/1 connection whose requests are judged one by one, or an HTTP/2 connection that has to begin in time.
pub(crate) struct Guarded {
    inner: Stream,
    rules: ConnectionRules,
    /// Received and not handed on.
    pending: BytesMut,
    phase: Phase,
    upload: Pace,
    download: Pace,
    signals: AtomicU8,
    /// Whoever waits for a signal while bytes of a later request are held back, or for the end of a frame.
    waiting: Mutex<Option<Waker>>,
    /// What an accepted upgrade becomes.
    tunnel: Mutex<Option<Tunnel>>,
    /// The session behind the tunnel has ended: nothing is written after its last word.
    over: bool,
    /// The client takes its answer too slowly to be waited for.
    given_up: bool,
    /// Of a connection that a proxy has passed on: its other end is where that says.
    socket: Option<Arc<SocketDigest>>,
    /// Of a connection with TLS.
    handshake: Option<Arc<ProxyDigest>>,
}

enum Phase {
    /// Collecting a head.
    Head { scan: HeadScan, deadline: Option<Pin<Box<Sleep>>> },
    /// Handing on a head that passed; this many bytes of it are left.
    HeadPassed { left: usize, body: Framing },
    /// Handing on a body.
    Length { left: u64 },
    /// Handing on a chunked body.
    Chunked(Chunks),
    /// The request is complete, its answer is not: what comes belongs to a later request and stays here.
    Hold,
    /// Waiting for the rest of HTTP/2's preface, which is Pingora's to judge.
    Preface { left: usize, deadline: Pin<Box<Sleep>> },
    /// Not HTTP/1 requests: HTTP/2, or bytes of TLS.
    Transparent,
    /// An accepted upgrade.
    Tunnel(Tunnel),
    /// Writing our own answer, then closing.
    Refusing { answer: Bytes },
    /// Answer written; letting the client finish.
    Lingering { until: Pin<Box<Sleep>>, left: usize },
    /// Nothing more is read.
    Closed,
}

impl fmt::Debug for Guarded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Guarded")
    }
}

impl Guarded {
    /// One whose requests are of HTTP/1.
    fn http1(inner: Stream, rules: ConnectionRules) -> Self {
        Self::in_phase(inner, rules, Phase::Head { scan: HeadScan::default(), deadline: None })
    }

    /// Has to be called within a runtime: the preface's deadline begins here.
    fn http2(inner: Stream, rules: ConnectionRules) -> Self {
        let deadline = Box::pin(sleep(rules.head_deadline));
        Self::in_phase(inner, rules, Phase::Preface { left: PREFACE_BYTES, deadline })
    }

    /// One whose bytes are for TLS to judge, or for another of these; `received` came before.
    pub(super) fn transparent(inner: Stream, rules: ConnectionRules, received: BytesMut) -> Self {
        let mut guarded = Self::in_phase(inner, rules, Phase::Transparent);
        guarded.pending = received;
        guarded
    }

    /// One of requests, in the version that was agreed on with TLS, from where `socket` says.
    pub(super) fn requests(inner: Stream, rules: ConnectionRules, socket: Option<Arc<SocketDigest>>) -> Self {
        let mut guarded = match inner.selected_alpn_proto() {
            // HTTP/2 frames have one reading; only the wait for the first bytes has no bound in Pingora.
            Some(ALPN::H2) => Self::http2(inner, rules),
            _ => Self::http1(inner, rules),
        };
        guarded.handshake = guarded.inner.get_ssl().and_then(Handshake::carried);
        guarded.socket = socket;
        guarded
    }

    fn in_phase(inner: Stream, rules: ConnectionRules, phase: Phase) -> Self {
        let (signals, waiting, tunnel) = (AtomicU8::new(0), Mutex::new(None), Mutex::new(None));
        let upload = Pace::new(rules.slowest_upload, UPLOAD_WINDOW);
        let download = Pace::new(rules.slowest_download, DOWNLOAD_WINDOW);
        let pending = BytesMut::new();
        let (over, given_up, socket, handshake) = (false, false, None, None);
        Self {
            inner,
            rules,
            pending,
            phase,
            upload,
            download,
            signals,
            waiting,
            tunnel,
            over,
            given_up,
            socket,
            handshake,
        }
    }

    /// The gateway has answered the request: the next head may be read.
    pub(crate) fn answered(stream: &Stream) {
        Self::signal(stream, ANSWERED);
    }

    /// The console has accepted the upgrade: what follows the head of its answer is not HTTP. The connection is closed
    /// when `session` resolves.
    /// It is closed, too, after `idle` without a byte.
    pub(crate) fn upgraded(stream: &Stream, session: Option<SessionEnd>, idle: Duration) {
        if let Some(guarded) = stream.as_any().downcast_ref::<Self>() {
            *guarded.tunnel.lock().unwrap_or_else(PoisonError::into_inner) = Some(Tunnel::new(session, idle));
        }
        Self::signal(stream, UPGRADED);
    }

    fn signal(stream: &Stream, signal: u8) {
        let Some(guarded) = stream.as_any().downcast_ref::<Self>() else {
            return;
        };
        guarded.signals.fetch_or(signal, Ordering::SeqCst);
        guarded.wake();
    }

    fn wake(&self) {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(waker) = waiting {
            waker.wake();
        }
    }

    fn wait(&self, cx: &Context<'_>) {
        *self.waiting.lock().unwrap_or_else(PoisonError::into_inner) = Some(cx.waker().clone());
    }

    /// From waiting to the tunnel, when the upgrade was accepted.
    fn settle_upgrade(&mut self) {
        let complete = matches!(
            self.phase,
            Phase::Hold | Phase::Length { left: 0 } | Phase::HeadPassed { left: 0, body: Framing::Length(0) }
        );
        if complete && let Some(tunnel) = self.tunnel.get_mut().unwrap_or_else(PoisonError::into_inner).take() {
            self.phase = Phase::Tunnel(tunnel);
        }
    }

    fn refuse(&mut self, fault: Fault) {
        let reference = RequestId::random(&*self.rules.entropy);
        let Fault { status, reason } = fault;
        tracing::info!(status, reason, request = %reference, "request head refused");
        self.pending.clear();
        self.phase = Phase::Refusing { answer: refusal(status, &reference) };
    }

    /// Reads more into `pending`; 0 is the end of the stream.
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        self.pending.reserve(8192);
        pin!(self.inner.read_buf(&mut self.pending)).poll(cx)
    }

    /// The same within a body, whose sender has to keep a pace.
    fn poll_fill_body(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        match self.poll_fill(cx) {
            Poll::Pending => {
                ready!(self.upload.poll_too_slow(cx));
                tracing::info!(reason = "sent too slowly", "request body refused");
                self.phase = Phase::Closed;
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            }
            Poll::Ready(read) => {
                self.upload.moved(*read.as_ref().unwrap_or(&0));
                Poll::Ready(read)
            }
        }
    }

    /// The taker of an answer has to keep a pace, too.
    fn paced(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match written {
            Poll::Pending => {
                ready!(self.download.poll_too_slow(cx));
                tracing::info!(reason = "taken too slowly", "answer broken off");
                self.given_up = true;
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            }
            Poll::Ready(written) => {
                self.download.moved(*written.as_ref().unwrap_or(&0));
                Poll::Ready(written)
            }
        }
    }

    /// Moves up to `most` bytes from the front of `pending`.
    fn hand_on(&mut self, buf: &mut ReadBuf<'_>, most: usize) -> usize {
        let count = self.pending.len().min(most).min(buf.remaining());
        buf.put_slice(self.pending.get(..count).unwrap_or_default());
        self.pending.advance(count);
        count
    }

    fn poll_head(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Progress>> {
        let Phase::Head { scan, deadline } = &mut self.phase else {
            return Poll::Ready(Ok(Progress::Next));
        };
        match scan.advance(&self.pending, &self.rules.head) {
            Err(fault) => self.refuse(fault),
            Ok(Some(length)) => match wire::judge(self.pending.get(..length).unwrap_or_default(), &self.rules.head) {
                Ok(body) => {
                    self.signals.store(0, Ordering::SeqCst);
                    self.upload.restart();
                    self.phase = Phase::HeadPassed { left: length, body };
                }
                Err(fault) => self.refuse(fault),
            },
            Ok(None) => {
                // Between requests the keep-alive timeout counts; from the first byte on, the head's own deadline.
                if !self.pending.is_empty() {
                    let deadline = deadline.get_or_insert_with(|| Box::pin(sleep(self.rules.head_deadline)));
                    if deadline.as_mut().poll(cx).is_ready() {
                        self.refuse(Fault { status: 408, reason: "request head took too long" });
                        return Poll::Ready(Ok(Progress::Next));
                    }
                }
                if ready!(self.poll_fill(cx))? == 0 {
                    self.phase = Phase::Closed;
                }
            }
        }
        Poll::Ready(Ok(Progress::Next))
    }

    fn poll_length(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<Progress>> {
        let Phase::Length { left: declared } = self.phase else {
            return Poll::Ready(Ok(Progress::Next));
        };
        if declared == 0 {
            self.phase = Phase::Hold;
            return Poll::Ready(Ok(Progress::Next));
        }
        if self.pending.is_empty() && ready!(self.poll_fill_body(cx))? == 0 {
            self.phase = Phase::Closed;
            return Poll::Ready(Ok(Progress::Next));
        }
        let moved = self.hand_on(buf, usize::try_from(declared).unwrap_or(usize::MAX));
        self.phase = Phase::Length { left: declared - moved as u64 };
        Poll::Ready(Ok(Progress::Handed))
    }

    fn poll_chunked(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<Progress>> {
        let before = buf.filled().len();
        while buf.remaining() > 0 {
            let Phase::Chunked(chunks) = &mut self.phase else {
                return Poll::Ready(Ok(Progress::Next));
            };
            if chunks.is_done() {
                self.phase = Phase::Hold;
                break;
            }
            if self.pending.is_empty() {
                if buf.filled().len() > before {
                    break;
                }
                if ready!(self.poll_fill_body(cx))? == 0 {
                    self.phase = Phase::Closed;
                }
                continue;
            }
            let front = self.pending.len().min(buf.remaining());
            match chunks.advance(self.pending.get(..front).unwrap_or_default()) {
                Ok(Run::Keep(count)) => {
                    self.hand_on(buf, count);
                }
                Ok(Run::Drop(count)) => self.pending.advance(count),
                Ok(Run::Done) => {}
                Err(fault) => {
                    tracing::info!(reason = fault.reason, "request body refused");
                    self.phase = Phase::Closed;
                    return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, fault.reason)));
                }
            }
        }
        let handed = buf.filled().len() > before;
        Poll::Ready(Ok(if handed { Progress::Handed } else { Progress::Next }))
    }

    fn poll_hold(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Progress>> {
        self.wait(cx);
        let signals = self.signals.load(Ordering::SeqCst);
        if signals & UPGRADED != 0 {
            self.settle_upgrade();
        } else if signals & ANSWERED != 0 {
            self.phase = Phase::Head { scan: HeadScan::default(), deadline: None };
        } else if self.pending.len() >= self.rules.head.bytes {
            return Poll::Pending;
        } else if ready!(self.poll_fill(cx))? == 0 {
            // The client has gone: Pingora gives the request up.
            self.phase = Phase::Closed;
        }
        Poll::Ready(Ok(Progress::Next))
    }

    fn poll_preface(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<Progress>> {
        let Phase::Preface { left, deadline } = &mut self.phase else {
            return Poll::Ready(Ok(Progress::Next));
        };
        if deadline.as_mut().poll(cx).is_ready() {
            tracing::debug!("HTTP/2 preface took too long");
            self.phase = Phase::Closed;
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(cx, buf))?;
        *left = left.saturating_sub(buf.filled().len() - before);
        if *left == 0 {
            self.phase = Phase::Transparent;
        }
        Poll::Ready(Ok(Progress::Handed))
    }

    fn poll_transparent(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<Progress>> {
        if self.pending.is_empty() {
            ready!(Pin::new(&mut self.inner).poll_read(cx, buf))?;
        } else {
            self.hand_on(buf, usize::MAX);
        }
        Poll::Ready(Ok(Progress::Handed))
    }

    fn poll_tunnel(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<Progress>> {
        let Phase::Tunnel(tunnel) = &mut self.phase else {
            return Poll::Ready(Ok(Progress::Next));
        };
        match tunnel.poll_turn(cx) {
            Turn::PassOn => self.poll_tunnelled(cx, buf),
            Turn::Wait => {
                self.wait(cx);
                self.poll_tunnelled(cx, buf)
            }
            Turn::Close(between_frames) => {
                let answer = Bytes::from_static(tunnel.last_word());
                tracing::debug!("a WebSocket is closed: its session has ended, or it is idle");
                self.over = true;
                self.pending.clear();
                self.phase = if between_frames { Phase::Refusing { answer } } else { Phase::Closed };
                Poll::Ready(Ok(Progress::Next))
            }
        }
    }

    fn poll_tunnelled(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<Progress>> {
        let progress = ready!(self.poll_transparent(cx, buf))?;
        if let Phase::Tunnel(tunnel) = &mut self.phase {
            tunnel.passed();
        }
        Poll::Ready(Ok(progress))
    }

    fn poll_refusing(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Progress>> {
        match &mut self.phase {
            Phase::Refusing { answer } if !answer.is_empty() => {
                let written = ready!(Pin::new(&mut self.inner).poll_write(cx, answer))?;
                if written == 0 {
                    self.phase = Phase::Closed;
                } else {
                    answer.advance(written);
                }
            }
            Phase::Refusing { .. } => {
                ready!(Pin::new(&mut self.inner).poll_flush(cx))?;
                ready!(Pin::new(&mut self.inner).poll_shutdown(cx))?;
                self.phase = Phase::Lingering { until: Box::pin(sleep(LINGER)), left: LINGER_BYTES };
            }
            Phase::Lingering { until, left } => {
                if until.as_mut().poll(cx).is_ready() {
                    self.phase = Phase::Closed;
                    return Poll::Ready(Ok(Progress::Next));
                }
                let still = *left;
                let read = ready!(self.poll_fill(cx)).unwrap_or(0);
                self.pending.clear();
                match (&mut self.phase, still.checked_sub(read)) {
                    (Phase::Lingering { left, .. }, Some(rest)) if read > 0 => *left = rest,
                    _ => self.phase = Phase::Closed,
                }
            }
            _ => {}
        }
        Poll::Ready(Ok(Progress::Next))
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        if self.given_up || self.download.stands_still() >= STANDSTILL {
            socket::reset_when_closed(&self.inner);
        }
    }
}

enum Progress {
    /// Look at the phase again.
    Next,
    /// The caller has its bytes, or the end of the stream.
    Handed,
}

impl AsyncRead for Guarded {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let me = &mut *self;
        if buf.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        loop {
            let progress = match &mut me.phase {
                Phase::Head { .. } => ready!(me.poll_head(cx))?,
                Phase::HeadPassed { left: 0, body } => {
                    me.phase = match body {
                        Framing::Length(left) => Phase::Length { left: *left },
                        Framing::Chunked => Phase::Chunked(Chunks::new()),
                    };
                    Progress::Next
                }
                Phase::HeadPassed { left, .. } => {
                    let whole = *left;
                    let moved = me.hand_on(buf, whole);
                    if let Phase::HeadPassed { left, .. } = &mut me.phase {
                        *left -= moved;
                    }
                    Progress::Handed
                }
                Phase::Length { .. } => ready!(me.poll_length(cx, buf))?,
                Phase::Chunked(_) => ready!(me.poll_chunked(cx, buf))?,
                Phase::Hold => ready!(me.poll_hold(cx))?,
                Phase::Preface { .. } => ready!(me.poll_preface(cx, buf))?,
                Phase::Transparent => ready!(me.poll_transparent(cx, buf))?,
                Phase::Tunnel(_) => ready!(me.poll_tunnel(cx, buf))?,
                // An error, so that the console's side is closed as well.
                Phase::Closed if me.over => return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into())),
                Phase::Refusing { .. } | Phase::Lingering { .. } => ready!(me.poll_refusing(cx))?,
                Phase::Closed => Progress::Handed,
            };
            if matches!(progress, Progress::Handed) {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

/// A short answer of our own, closing the connection.
fn refusal(status: u16, reference: &RequestId) -> Bytes {
    let phrase = http::StatusCode::from_u16(status).ok().and_then(|code| code.canonical_reason()).unwrap_or("Refused");
    let body = format!("{phrase}\nReference: {reference}\n");
    let length = body.len();
    Bytes::from(format!(
        "HTTP/1.1 {status} {phrase}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {length}\r\n\
         Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nX-Request-Id: {reference}\r\nConnection: close\r\n\r\n{body}"
    ))
}

impl AsyncWrite for Guarded {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let me = &mut *self;
        if me.over {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        me.settle_upgrade();
        let Phase::Tunnel(tunnel) = &mut me.phase else {
            let written = Pin::new(&mut me.inner).poll_write(cx, bytes);
            return me.paced(cx, written);
        };
        let may = bytes.get(..tunnel.may_write(bytes)).unwrap_or_default();
        if may.is_empty() && !bytes.is_empty() {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let written = ready!(Pin::new(&mut me.inner).poll_write(cx, may))?;
        if tunnel.wrote(may.get(..written).unwrap_or_default()) {
            me.wake();
        }
        Poll::Ready(Ok(written))
    }
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.settle_upgrade();
        if self.over || matches!(self.phase, Phase::Tunnel(_)) {
            let first = bytes.iter().find(|bytes| !bytes.is_empty());
            return self.poll_write(cx, first.map_or(&[], |bytes| bytes));
        }
        let written = Pin::new(&mut self.inner).poll_write_vectored(cx, bytes);
        self.paced(cx, written)
    }
    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }
}

#[async_trait]
impl Shutdown for Guarded {
    async fn shutdown(&mut self) {
        Shutdown::shutdown(&mut *self.inner).await;
    }
}

impl UniqueID for Guarded {
    fn id(&self) -> UniqueIDType {
        self.inner.id()
    }
}

impl Ssl for Guarded {
    fn get_ssl(&self) -> Option<&TlsRef> {
        self.inner.get_ssl()
    }
    fn get_ssl_digest(&self) -> Option<Arc<SslDigest>> {
        self.inner.get_ssl_digest()
    }
    fn selected_alpn_proto(&self) -> Option<ALPN> {
        self.inner.selected_alpn_proto()
    }
}

impl GetTimingDigest for Guarded {
    fn get_timing_digest(&self) -> Vec<Option<TimingDigest>> {
        self.inner.get_timing_digest()
    }
    fn get_read_pending_time(&self) -> Duration {
        self.inner.get_read_pending_time()
    }
    fn get_write_pending_time(&self) -> Duration {
        self.inner.get_write_pending_time()
    }
}

impl GetProxyDigest for Guarded {
    fn get_proxy_digest(&self) -> Option<Arc<ProxyDigest>> {
        self.handshake.clone().or_else(|| self.inner.get_proxy_digest())
    }
}

impl GetSocketDigest for Guarded {
    fn get_socket_digest(&self) -> Option<Arc<SocketDigest>> {
        self.socket.clone().or_else(|| self.inner.get_socket_digest())
    }
}

/// Peeking would show bytes nobody has judged.
#[async_trait]
impl Peek for Guarded {}

#[cfg(test)]
#[path = "connection_tests.rs"]
mod tests;
