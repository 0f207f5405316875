//! Asking before something that cannot be taken back.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use super::Failed;

/// Is the account really to be deleted? Where nobody can be asked, the command has to say so itself.
pub(super) fn delete(user: &str) -> Result<bool, Failed> {
    if !io::stdin().is_terminal() {
        return Err(Failed::refused("deleting an account cannot be taken back; say --yes"));
    }
    let asked = write!(io::stderr(), "Delete {user} with everything that is its own? Type \"yes\": ");
    let mut answer = String::new();
    let answered = asked.and_then(|()| io::stdin().lock().read_line(&mut answer));
    answered.map_err(|error| Failed::refused(format!("the terminal: {error}")))?;
    Ok(answer.trim() == "yes")
}
