//! Configuration files for tests: the real format, in a directory of the test's own.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
};

/// Where one gateway of a test listens and keeps its files.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// Its directory: configuration, store, keys, certificate.
    pub(crate) directory: PathBuf,
    /// HTTPS.
    pub(crate) https: SocketAddr,
    /// Plain HTTP, which redirects.
    pub(crate) http: SocketAddr,
    /// The message inbox.
    pub(crate) inbox: SocketAddr,
    /// The console.
    pub(crate) upstream: SocketAddr,
}

impl Settings {
    /// Fresh ports.
    pub(crate) fn new(directory: &Path, upstream: SocketAddr) -> Self {
        let free = super::free_address;
        Self { directory: directory.to_owned(), https: free(), http: free(), inbox: free(), upstream }
    }

    /// Where browsers find it.
    pub(crate) fn url(&self) -> String {
        format!("https://localhost:{}", self.https.port())
    }

    /// Writes `sekisho.toml` with these tables added, and says where it is. Passwords are hashed at the least cost, so
    /// that a test with many sign-ins spends its time elsewhere.
    pub(crate) fn write(&self, tables: &str) -> PathBuf {
        let Self { https, http, inbox, upstream, .. } = self;
        let url = self.url();
        let text = format!(
            r#"public_url = "{url}"
[listen]
https = "{https}"
http = "{http}"
certificate = "server.pem"
private_key = "server.key"
[upstream]
url = "http://{upstream}"
[store]
url = "sqlite:sekisho.db"
[runtime]
directory = "run"
threads = 1
[branding]
name = {{ ja = "セラーコンソール", en = "Seller Console" }}
[sms]
provider = "inbox"
[voice]
provider = "inbox"
[inbox]
listen = "{inbox}"
[insecure]
inbox_provider = true
weak_password_hash = true
{tables}
"#
        );
        let file = self.directory.join("sekisho.toml");
        fs::write(&file, text).expect("written");
        file
    }
}

/// Mail to the inbox. With it a first enrolment waits for a mailed link, so it is there only where a test is about mail.
pub(crate) const MAIL: &str = "[mail]\nprovider = \"inbox\"\n";

/// Password hashing at the least cost and without a delay.
pub(crate) const QUICK_PASSWORDS: &str = "[password]\nmemory = \"8KiB\"\npasses = 1\nminimum_delay = \"0s\"\n";
