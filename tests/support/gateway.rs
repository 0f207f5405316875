//! A whole gateway in this process: the library's own server on free ports, a store and keys in a directory that goes
//! away with it, and a clock that the test moves.

use std::sync::Arc;

use sekisho::{clock::SharedClock, entropy::SharedEntropy};

use super::{
    browser::{Browser, Speaks},
    certificate,
    clock::TestClock,
    entropy::SeededEntropy,
    inbox::Inbox,
    people,
    settings::{MAIL, QUICK_PASSWORDS, Settings},
    upstream::Upstream,
};

/// The running gateway and everything around it.
pub(crate) struct Gateway {
    /// Its clock, which its browsers share.
    pub(crate) clock: TestClock,
    /// The console behind it.
    pub(crate) upstream: Upstream,
    /// The phones.
    pub(crate) inbox: Inbox,
    /// Where it listens and keeps its files.
    pub(crate) settings: Settings,
    /// The secrets of the authenticator apps of the accounts that were enrolled beforehand, in order.
    pub(crate) secrets: Vec<String>,
    /// The authority that signed its certificate.
    pub(crate) ca_pem: String,
    running: sekisho::server::Running,
    _directory: tempfile::TempDir,
}

impl Gateway {
    /// Starts one with these accounts: `fresh` ones without two-step verification, `enrolled` ones with an app and a
    /// mobile (`090-1234-5678`). `tables` is added to the configuration.
    pub(crate) async fn start(fresh: &[&str], enrolled: &[&str], tables: &str) -> Self {
        // Where mail is configured a first enrolment waits for a mailed link; tests of that add it themselves.
        let mail = if fresh.is_empty() && !tables.contains("[mail]") { MAIL } else { "" };
        Self::start_with(fresh, enrolled, |text| format!("{text}{QUICK_PASSWORDS}{mail}{tables}")).await
    }

    /// The same with the whole text of the configuration changed in any way.
    pub(crate) async fn start_with(fresh: &[&str], enrolled: &[&str], change: impl FnOnce(String) -> String) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let ca_pem = certificate::issue(directory.path());
        let upstream = Upstream::start();
        let settings = Settings::new(directory.path(), upstream.address);
        let file = settings.write("");
        let text = std::fs::read_to_string(&file).expect("the configuration");
        std::fs::write(&file, change(text)).expect("written");
        // Where a test is about a proxy that asks.
        let shown = directory.path().join("forward-auth.secret");
        std::fs::write(&shown, "0123456789abcdef0123456789abcdef\n").expect("written");
        let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        std::fs::set_permissions(&shown, private).expect("private");
        let config = sekisho::config::load(&file).unwrap_or_else(|e| panic!("{e}"));

        let clock = TestClock::new();
        let shared: SharedClock = Arc::new(clock.clone());
        let entropy: SharedEntropy = Arc::new(SeededEntropy::new(1));
        let app = people::application(&config, shared.clone(), entropy.clone()).await;
        for user in fresh {
            people::add(&app, user).await;
        }
        let mut secrets = Vec::new();
        for user in enrolled {
            secrets.push(people::add_enrolled(&app, user, "090-1234-5678").await);
        }
        drop(app);

        let start = move || sekisho::server::start(config, shared, entropy);
        let running = tokio::task::spawn_blocking(start).await.expect("no panic").expect("the gateway starts");
        let inbox = Inbox::at(settings.inbox);
        Self { clock, upstream, inbox, settings, secrets, ca_pem, running, _directory: directory }
    }

    /// Its application, for what an operator would ask or do.
    pub(crate) fn app(&self) -> &sekisho::app::App {
        self.running.app()
    }

    /// The authority of its certificate.
    pub(crate) fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// A browser that reaches it elsewhere.
    pub(crate) fn browser_at(&self, url: &str, speaks: Speaks) -> Browser {
        Browser::new(url, &self.ca_pem, self.clock.clone(), speaks, "en")
    }

    /// A browser that was never here.
    pub(crate) fn browser(&self, speaks: Speaks, languages: &str) -> Browser {
        Browser::new(&self.settings.url(), &self.ca_pem, self.clock.clone(), speaks, languages)
    }
}
