//! Log lines: one JSON object a line, with the time in RFC 3339 UTC. What must not be seen is kept out by the types
//! (their `Debug` shows what they are, never what they hold), not by searching the text. Lines of the libraries
//! carry heads of requests and answers from `debug` on, so theirs end at `info`, whatever the filter says.

#[cfg(test)]
mod tests;

use std::{fs::File, io, sync::Mutex};

use tracing::{Level, Metadata, Subscriber, level_filters::LevelFilter};
use tracing_subscriber::{
    EnvFilter, Layer as _,
    filter::{FilterExt as _, ParseError, filter_fn},
    fmt::{self, MakeWriter, writer::BoxMakeWriter},
    layer::SubscriberExt as _,
};

/// Where the lines go.
#[derive(Debug)]
pub enum Output {
    /// Standard error.
    StandardError,
    /// A file, at its end.
    File(File),
}

/// Why logging could not start.
#[derive(Debug, thiserror::Error)]
pub enum InitError {
    /// The filter.
    #[error("the log filter: {0}")]
    Filter(#[from] ParseError),
    /// It was started before.
    #[error("logging was started before")]
    Started,
}

/// Starts logging for the whole process, once. `filter` is a level, or levels by module.
pub fn init(filter: &str, output: Output) -> Result<(), InitError> {
    let writer = match output {
        Output::StandardError => BoxMakeWriter::new(io::stderr),
        Output::File(file) => BoxMakeWriter::new(Mutex::new(file)),
    };
    let subscriber = subscriber(filter, writer)?;
    tracing::subscriber::set_global_default(subscriber).map_err(|_set_before| InitError::Started)?;
    log::set_boxed_logger(Box::new(Bridge(tracing_log::LogTracer::new()))).map_err(|_set_before| InitError::Started)?;
    log::set_max_level(log::LevelFilter::Info);
    Ok(())
}

fn subscriber<W>(filter: &str, writer: W) -> Result<impl Subscriber + Send + Sync, ParseError>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let chosen = EnvFilter::builder().parse(filter)?;
    let lines =
        fmt::layer().json().flatten_event(true).with_span_list(false).log_internal_errors(false).with_writer(writer);
    let filter = chosen.and(filter_fn(may_be_seen).with_max_level_hint(LevelFilter::TRACE));
    Ok(tracing_subscriber::registry().with(lines.with_filter(filter)))
}

/// Our own lines at every level, the libraries' to `info`.
fn may_be_seen(line: &Metadata<'_>) -> bool {
    let target = line.target();
    *line.level() <= Level::INFO || target == "audit" || target == "sekisho" || target.starts_with("sekisho::")
}

/// Takes the lines of libraries that write by `log`. Pingora ends the errors of a request it could not parse with the
/// octets it had read, which may be anything a client sent: that part is cut off.
struct Bridge(tracing_log::LogTracer);

const OCTETS: &str = "buf: ";

impl log::Log for Bridge {
    fn enabled(&self, line: &log::Metadata<'_>) -> bool {
        line.level() <= log::Level::Info && self.0.enabled(line)
    }

    fn log(&self, line: &log::Record<'_>) {
        if !self.enabled(line.metadata()) {
            return;
        }
        let text = line.args().to_string();
        let seen = text.split_once(OCTETS).map_or(text.as_str(), |(before, _octets)| before);
        let cut = if seen.len() == text.len() { "" } else { "(octets left out)" };
        self.0.log(
            &log::Record::builder()
                .metadata(line.metadata().clone())
                .module_path(line.module_path())
                .file(line.file())
                .line(line.line())
                .args(format_args!("{seen}{cut}"))
                .build(),
        );
    }

    fn flush(&self) {
        self.0.flush();
    }
}
