//! `sekisho completions` and the manual page: what a shell and `man` are told of the commands, made from the commands.

use clap::CommandFactory as _;
use clap_complete::Shell;

use super::{Failed, arguments::Arguments, output};

pub(super) fn run(shell: Shell) -> Result<(), Failed> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "sekisho", &mut script);
    output::text(&String::from_utf8_lossy(&script))
}

pub(super) fn manual() -> Result<(), Failed> {
    let mut page = Vec::new();
    clap_mangen::Man::new(Arguments::command()).render(&mut page).map_err(Failed::refused)?;
    output::text(&String::from_utf8_lossy(&page))
}
