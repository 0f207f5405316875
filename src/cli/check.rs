//! `sekisho check`.

use super::{Failed, arguments::Check, complain, output};
use crate::config;

pub(super) fn run(check: &Check) -> Result<(), Failed> {
    match config::load_with_files(&check.config) {
        Ok(config) if check.json => output::json(&serde_json::json!({ "problems": [], "warnings": config.warnings() })),
        Ok(config) => {
            for warning in config.warnings() {
                complain(&format!("WARNING: {warning}"));
            }
            output::text(&format!("{}: no problems", check.config.display()))
        }
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
