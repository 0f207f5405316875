//! The real binary as a process of its own.

use std::{
    fs::{self, File},
    net::{SocketAddr, TcpStream},
    os::unix::{
        fs::{MetadataExt as _, chown},
        process::CommandExt as _,
    },
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// A running `sekisho`.
pub(crate) struct Process {
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts it with these arguments and waits until it accepts connections there. What it says goes to a file in
    /// this directory.
    pub(crate) fn start(directory: &Path, arguments: &[&str], listens: SocketAddr) -> Self {
        Self::of(&mut Command::new(env!("CARGO_BIN_EXE_sekisho")), directory, arguments, listens)
    }

    /// The same as a user who may do nothing that is not allowed, whoever runs the tests.
    pub(crate) fn start_as_nobody(directory: &Path, arguments: &[&str], listens: SocketAddr) -> Self {
        const NOBODY: u32 = 65534;
        if fs::metadata("/proc/self").expect("Linux").uid() != 0 {
            return Self::start(directory, arguments, listens);
        }
        // It reads its own files and a copy of the program: others may be where it cannot go.
        let program = directory.join("sekisho");
        fs::copy(env!("CARGO_BIN_EXE_sekisho"), &program).expect("copied");
        let files = fs::read_dir(directory).expect("its files").flatten().map(|entry| entry.path());
        for path in files.chain([directory.to_owned()]) {
            chown(path, Some(NOBODY), Some(NOBODY)).expect("given away");
        }
        Self::of(Command::new(program).uid(NOBODY).gid(NOBODY), directory, arguments, listens)
    }

    fn of(command: &mut Command, directory: &Path, arguments: &[&str], listens: SocketAddr) -> Self {
        let log = directory.join("sekisho.log");
        let output = File::options().create(true).append(true).open(&log).expect("a file");
        let mut child = command
            .args(arguments)
            .current_dir(directory)
            .stdin(Stdio::null())
            .stdout(output.try_clone().expect("the same file"))
            .stderr(output)
            .spawn()
            .expect("sekisho starts");
        let start = Instant::now();
        while TcpStream::connect(listens).is_err() {
            let ended = child.try_wait().expect("its state");
            let said = || fs::read_to_string(&log).unwrap_or_default();
            assert!(ended.is_none(), "sekisho ended with {ended:?}:\n{}", said());
            assert!(start.elapsed() < Duration::from_mins(1), "sekisho does not listen on {listens}:\n{}", said());
            std::thread::sleep(Duration::from_millis(20));
        }
        Self { child, log }
    }

    /// What the system calls it.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it has said so far.
    pub(crate) fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Ends it without warning, as a power cut would.
    pub(crate) fn kill(&mut self) {
        let _dead = self.child.kill();
        let _reaped = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}
