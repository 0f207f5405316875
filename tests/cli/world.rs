//! A directory with a configuration, and the binary run in it.

use std::{
    fs,
    io::Write as _,
    path::PathBuf,
    process::{Command, Stdio},
};

pub(crate) struct Bench {
    directory: tempfile::TempDir,
}

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Outcome {
    code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Outcome {
    pub(crate) fn ends_with(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self
    }

    pub(crate) fn succeeds(self) -> Self {
        self.ends_with(0)
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).expect("one JSON document on standard output")
    }
}

impl Bench {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let bench = Self { directory };
        fs::write(
            bench.path("sekisho.toml"),
            r#"
public_url = "https://localhost:8443"
[listen]
https = "127.0.0.1:8443"
certificate = "tls/leaf.pem"
private_key = "tls/leaf.key"
[upstream]
url = "http://127.0.0.1:8080"
[store]
url = "sqlite:data/sekisho.db"
[keys]
file = "keys.json"
[runtime]
directory = "run"
[sms]
provider = "inbox"
[insecure]
inbox_provider = true
weak_password_hash = true
[password]
memory = "64KiB"
passes = 1
"#,
        )
        .unwrap();
        bench
    }

    /// A certificate and key where the configuration says.
    pub(crate) fn certify(&self) {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        fs::create_dir(self.path("tls")).unwrap();
        fs::write(self.path("tls/leaf.pem"), made.cert.pem()).unwrap();
        fs::write(self.path("tls/leaf.key"), made.signing_key.serialize_pem()).unwrap();
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn append(&self, text: &str) {
        let mut file = fs::OpenOptions::new().append(true).open(self.path("sekisho.toml")).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Outcome {
        self.run_with(arguments, "")
    }

    /// Runs the binary in the directory, with `input` on its standard input.
    pub(crate) fn run_with(&self, arguments: &[&str], input: &str) -> Outcome {
        let mut child = Command::new(env!("CARGO_BIN_EXE_sekisho"))
            .args(arguments)
            .current_dir(self.directory.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A command that needs no input may have ended before it was written.
        drop(child.stdin.take().unwrap().write_all(input.as_bytes()));
        let output = child.wait_with_output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Outcome { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}
