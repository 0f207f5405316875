//! `sekisho token`: what can be typed, and what is shown.

use clap::{Args, Subcommand};

use super::{
    arguments::{Common, EXIT_CODES, OfAccount, OneOrAll},
    output::{minute, table},
};
use crate::admin::{Command, CreatedTokenView, NewToken, TokenView};

#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(super) struct Token {
    #[command(flatten)]
    pub(super) common: Common,
    #[command(subcommand)]
    action: TokenAction,
}

#[derive(Debug, Subcommand)]
enum TokenAction {
    /// Makes a token that a script shows in place of a session, and prints it once
    ///
    /// The script sends it as `Authorization: Bearer …`. It acts as the account, with the account's groups as they are then,
    /// on the paths and with the methods named here, and is over when the account is disabled, frozen or deleted.
    /// docs/tokens.md has the rest.
    #[command(after_help = EXIT_CODES)]
    Create(CreateToken),
    /// Tokens, of all accounts or of one
    #[command(after_help = EXIT_CODES)]
    List(OfAccount),
    /// Ends tokens: the next request that shows one is refused
    #[command(after_help = EXIT_CODES, override_usage = "sekisho token revoke [OPTIONS] <ID>\n       sekisho token revoke [OPTIONS] --account <ACCOUNT> --all")]
    Revoke(OneOrAll),
}

#[derive(Debug, Args)]
struct CreateToken {
    /// As whom it acts: user name, e-mail address or identifier
    #[arg(value_name = "ACCOUNT")]
    user: String,
    /// What it is for
    #[arg(long)]
    label: String,
    /// A path it may go to, with everything below it, as in a rule; may be repeated
    #[arg(long = "path", value_name = "PATH", required = true)]
    paths: Vec<String>,
    /// A method it may use; may be repeated
    #[arg(long = "method", value_name = "METHOD", default_values = ["GET", "HEAD"])]
    methods: Vec<String>,
    /// A network it may come from; may be repeated. Without one: from everywhere
    #[arg(long = "network", value_name = "NETWORK")]
    networks: Vec<String>,
    /// For how many days it is good, 365 at most
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=365))]
    days: u32,
}

impl Token {
    /// The command for the gateway.
    pub(super) fn requested(&self) -> Command {
        match &self.action {
            TokenAction::Create(new) => Command::CreateToken(NewToken {
                user: new.user.clone(),
                label: new.label.clone(),
                paths: new.paths.clone(),
                methods: new.methods.clone(),
                networks: new.networks.clone(),
                days: new.days,
            }),
            TokenAction::List(of) => Command::ListTokens { user: of.account.clone() },
            TokenAction::Revoke(which) => match (&which.id, &which.account) {
                (Some(id), _) => Command::RevokeToken { token: id.clone() },
                (None, account) => Command::RevokeTokens { user: account.clone().unwrap_or_default() },
            },
        }
    }
}

pub(super) fn created(made: &CreatedTokenView, zone: &jiff::tz::TimeZone) -> String {
    format!(
        "token: {}\ngood until {}, as {}, for {} on {}{}\n\
         It is shown this once: put it where the script keeps its secrets. It is {} in `token list`.",
        made.token.0,
        minute(&made.about.expires_at, zone),
        made.about.user,
        made.about.methods.join(", "),
        made.about.paths.join(", "),
        from(&made.about),
        made.about.id
    )
}

fn from(token: &TokenView) -> String {
    if token.networks.is_empty() { String::new() } else { format!(", from {}", token.networks.join(", ")) }
}

pub(super) fn list(tokens: &[TokenView], zone: &jiff::tz::TimeZone) -> String {
    table(
        ["ID", "ACCOUNT", "LABEL", "METHODS", "PATHS", "FROM", "EXPIRES", "LAST USED"],
        tokens.iter().map(|token| {
            let expires = minute(&token.expires_at, zone);
            [
                token.id.clone(),
                token.user.clone(),
                token.label.clone(),
                token.methods.join(","),
                token.paths.join(","),
                if token.networks.is_empty() { "-".to_owned() } else { token.networks.join(",") },
                if token.expired { format!("{expires} (over)") } else { expires },
                token.last_used_at.as_ref().map_or_else(|| "never".to_owned(), |at| minute(at, zone)),
            ]
        }),
    )
}
