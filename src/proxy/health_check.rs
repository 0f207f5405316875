//! Asks the addresses of the consoles whether they work, where the configuration wants that. A check is made by nobody: it
//! carries no person, no cookie, no statement and no credential. One at a time for each address, and never for long.

use std::{fmt, future::Future, sync::Arc};

use http::{Method, header};
use pingora::{connectors::http::Connector, http::RequestHeader, prelude::*};
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::upstream::Upstream;
use crate::config::{self, Config, Hosts};

/// The checks of one gateway.
pub(crate) struct HealthChecks {
    consoles: Arc<[Upstream]>,
    connector: Connector,
    hosts: Hosts,
}

/// What is wrong, in words for the log that show nothing of the answer.
enum Fault {
    Status(u16),
    Unreachable(String),
    TooSlow,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(f, "status {status}"),
            Self::Unreachable(kind) => f.write_str(kind),
            Self::TooSlow => f.write_str("no answer in time"),
        }
    }
}

impl From<Box<Error>> for Fault {
    fn from(error: Box<Error>) -> Self {
        Self::Unreachable(error.etype().as_str().to_owned())
    }
}

impl HealthChecks {
    /// Of these consoles.
    pub(crate) fn new(consoles: Arc<[Upstream]>, config: &Config) -> Arc<Self> {
        Arc::new(Self { consoles, connector: Connector::new(None), hosts: config.hosts.clone() })
    }

    /// For each address that is checked its checks, which never end.
    pub(crate) fn of_each_address(self: &Arc<Self>) -> Vec<impl Future<Output = ()> + Send + 'static> {
        let checked = |(console, upstream): (usize, &Upstream)| {
            let addresses = upstream.health().map_or(0, |(_, addresses)| addresses);
            (0..addresses).map(move |at| (console, at))
        };
        let all = self.consoles.iter().enumerate().flat_map(checked);
        all.map(|(console, at)| {
            let checks = self.clone();
            async move { checks.go_on(console, at).await }
        })
        .collect()
    }

    async fn go_on(&self, console: usize, at: usize) {
        let Some(upstream) = self.consoles.get(console) else { return };
        let Some((check, _)) = upstream.health() else { return };
        let mut due = interval(check.every);
        due.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            due.tick().await;
            let fault = match timeout(check.timeout, self.ask(upstream, at, check)).await {
                Ok(Ok(())) => None,
                Ok(Err(fault)) => Some(fault.to_string()),
                Err(_elapsed) => Some(Fault::TooSlow.to_string()),
            };
            upstream.checked(at, fault.as_deref().map_or(Ok(()), Err));
        }
    }

    /// An address is a name that may have several: it works when one of them does.
    async fn ask(&self, upstream: &Upstream, at: usize, check: &config::HealthCheck) -> Result<(), Fault> {
        let ways = upstream.ways(at).await.map_err(|_unresolved| Fault::Unreachable("Unresolved".to_owned()))?;
        let mut fault = Fault::TooSlow;
        for way in ways {
            match self.status(upstream, way, check).await {
                Ok(200..=399) => return Ok(()),
                Ok(status) => fault = Fault::Status(status),
                Err(error) => fault = error.into(),
            }
        }
        Err(fault)
    }

    async fn status(&self, upstream: &Upstream, mut way: HttpPeer, check: &config::HealthCheck) -> Result<u16> {
        way.options.connection_timeout = Some(check.timeout);
        way.options.total_connection_timeout = Some(check.timeout);
        way.options.read_timeout = Some(check.timeout);
        // Whether a new connection can be made is a part of the question.
        way.options.max_h2_streams = 1;
        let mut asked = RequestHeader::build(Method::GET, check.path.as_bytes(), None)?;
        let authority = upstream.first_host(&self.hosts).authority();
        asked.insert_header(header::HOST, upstream.host_header().unwrap_or(&authority))?;
        asked.insert_header(header::USER_AGENT, "Sekisho-Health-Check")?;
        asked.insert_header(header::ACCEPT, "*/*")?;
        // Some consoles lead everybody to HTTPS who does not come by it.
        asked.insert_header("x-forwarded-proto", "https")?;
        let (mut session, _new) = self.connector.get_http_session(&way).await?;
        if session.as_http1().is_some() {
            asked.insert_header(header::CONNECTION, "close")?;
        }
        session.set_read_timeout(Some(check.timeout));
        session.write_request_header(Box::new(asked)).await?;
        session.finish_request_body().await?;
        session.read_response_header().await?;
        let status = session.response_header().map_or(0, |head| head.status.as_u16());
        session.shutdown().await;
        Ok(status)
    }
}
