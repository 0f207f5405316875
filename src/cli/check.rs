//! `sekisho check`.

use super::{Failed, arguments::Check, complain, output};
use crate::config::{self, Config};

pub(super) fn run(check: &Check) -> Result<(), Failed> {
    match config::load_with_files(&check.config) {
        Ok(config) if check.json => output::json(&serde_json::json!({ "problems": [], "warnings": warnings(&config) })),
        Ok(config) => {
            for warning in warnings(&config) {
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

/// Also what only matters before the first start.
fn warnings(config: &Config) -> Vec<String> {
    let missing = config.missing_directories().into_iter().map(|directory| {
        format!("{} does not exist; the gateway makes it when its user may, so make it beforehand", directory.display())
    });
    config.warnings().into_iter().map(str::to_owned).chain(missing).collect()
}
