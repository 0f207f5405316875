//! The processes that are compared: how each is started, and how much CPU each has used.

use std::{
    fs,
    net::{SocketAddr, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// One way of forwarding a request.
pub(crate) struct Side {
    /// Its row in the table.
    pub(crate) name: &'static str,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    process: Child,
}

impl Side {
    /// Starts it and waits until it accepts connections.
    pub(crate) fn start(name: &'static str, address: SocketAddr, command: &mut Command) -> Self {
        let process = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let mut process = process.unwrap_or_else(|e| panic!("{name} does not start: {e}"));
        let start = Instant::now();
        while TcpStream::connect(address).is_err() {
            let ended = process.try_wait().expect("its state");
            assert!(ended.is_none() && start.elapsed() < Duration::from_secs(30), "{name} does not listen: {ended:?}");
            std::thread::sleep(Duration::from_millis(20));
        }
        Self { name, address, process }
    }

    /// nginx with this configuration inside `http { }`, one worker.
    pub(crate) fn nginx(name: &'static str, address: SocketAddr, directory: &Path, http: &str) -> Self {
        let files = directory.join(name.replace(' ', "-"));
        fs::create_dir_all(&files).expect("a directory");
        let text = format!(
            "daemon off; worker_processes 1; pid {0}/pid; error_log {0}/error.log;\n\
             events {{ worker_connections 1024; }}\n\
             http {{ access_log off; keepalive_requests 1000000000; client_body_temp_path {0}/b; proxy_temp_path {0}/p;\n\
             fastcgi_temp_path {0}/f; uwsgi_temp_path {0}/u; scgi_temp_path {0}/s;\n{http}\n}}\n",
            files.display()
        );
        let file = files.join("nginx.conf");
        fs::write(&file, text).expect("written");
        let program = if Path::new("/usr/sbin/nginx").exists() { "/usr/sbin/nginx" } else { "nginx" };
        Self::start(name, address, Command::new(program).arg("-e").arg(files.join("error.log")).arg("-c").arg(&file))
    }

    /// User and system time of the process and its children so far.
    pub(crate) fn cpu(&self) -> Duration {
        let own = self.process.id();
        let children = fs::read_to_string(format!("/proc/{own}/task/{own}/children")).unwrap_or_default();
        let all = children.split_whitespace().map(str::to_owned).chain([own.to_string()]);
        all.map(|pid| cpu_of(&pid)).sum()
    }
}

/// Fields 14 and 15 of proc_pid_stat(5), in ticks; the second field may hold spaces and ends at the last parenthesis.
/// A tick is 10 ms on every Linux that Rust has a target for.
fn cpu_of(pid: &str) -> Duration {
    let line = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let after = line.rsplit(')').next().unwrap_or_default();
    let ticks: u64 = after.split_whitespace().skip(11).take(2).filter_map(|n| n.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}

impl Drop for Side {
    fn drop(&mut self) {
        // nginx stops its worker on TERM; KILL would leave the worker behind.
        let _asked = Command::new("kill").arg(self.process.id().to_string()).status();
        let start = Instant::now();
        while matches!(self.process.try_wait(), Ok(None)) && start.elapsed() < Duration::from_secs(3) {
            std::thread::sleep(Duration::from_millis(20));
        }
        let _killed = self.process.kill();
        let _reaped = self.process.wait();
    }
}
