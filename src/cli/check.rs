//! `sekisho check`.

use super::{Failed, arguments::Check, output};
use crate::config;

pub(super) fn run(check: &Check) -> Result<(), Failed> {
    match config::load_with_files(&check.config) {
        Ok(_) if check.json => output::json(&serde_json::json!({ "problems": [] })),
        Ok(_) => output::text(&format!("{}: no problems", check.config.display())),
        Err(problems) if check.json => {
            output::json(&serde_json::json!({ "problems": problems }))?;
            Err(Failed::Reported)
        }
        Err(problems) => {
            output::text(&problems.to_string())?;
            Err(Failed::Reported)
        }
    }
}
