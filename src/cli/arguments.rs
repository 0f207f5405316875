//! What can be typed. The help texts here are the documentation of the command line; `docs/command-line.md` tells the
//! same story.

use std::{net::IpAddr, path::PathBuf};

use clap::{Args, Parser, Subcommand};

use super::{Failed, confirm, delivery::Delivery, password, token::Token};
use crate::{
    admin::{Command, EditUser, InviteUser, NewUser},
    language::Language,
};

pub(super) const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  refused: what was asked for cannot be, or the configuration has problems
  2  wrong arguments
  3  neither the gateway nor its store can be reached";

/// A reverse-proxy authentication gateway: password, second step, trusted devices.
#[derive(Debug, Parser)]
#[command(name = "sekisho", version, after_help = EXIT_CODES, arg_required_else_help = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) verb: Verb,
}

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Runs the gateway until SIGTERM or SIGINT; SIGHUP reads the certificate again
    Serve(Serve),
    /// Starts a gateway, an example console and a message inbox on this machine, to try it
    Demo(Demo),
    /// Reports everything wrong with a configuration file and the files it names at once
    Check(Check),
    /// Says what happens to a request, and which rule says so
    Explain(Explain),
    /// Accounts
    User(User),
    /// Trusted devices: browsers that are not asked for a code
    Device(Device),
    /// Sessions of people who are signed in
    Session(Session),
    /// Access tokens for scripts that call the console
    Token(Token),
    /// Requests of people who can use neither of their methods
    Recovery(Recovery),
    /// Text messages, calls and mail: how they have been going out
    Delivery(Delivery),
    /// What `mode = "observe"` has seen
    Observe(Observe),
    /// Prints a script that lets a shell complete commands and options
    #[command(after_help = EXIT_CODES)]
    Completions(Completions),
    /// Prints the manual page
    #[command(hide = true)]
    Man,
}

#[derive(Debug, Args)]
pub(super) struct Completions {
    /// The shell it is for
    pub(super) shell: clap_complete::Shell,
}

#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(super) struct Serve {
    /// The configuration file
    #[arg(long, value_name = "FILE", default_value = "sekisho.toml")]
    pub(super) config: PathBuf,
}

#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(super) struct Demo {
    /// Where the demonstration keeps its files, all named demo.*
    ///
    /// Without it: target/demo in a source checkout, else .local/state/sekisho-demo in the home directory.
    #[arg(long, value_name = "DIR")]
    pub(super) directory: Option<PathBuf>,
    /// Port of the gateway; 0: any that is free
    #[arg(long, value_name = "PORT", default_value_t = 8443)]
    pub(super) https: u16,
    /// Port of the message inbox; 0: any that is free
    #[arg(long, value_name = "PORT", default_value_t = 8026)]
    pub(super) inbox: u16,
    /// Port of the example console; 0: any that is free
    #[arg(long, value_name = "PORT", default_value_t = 8080)]
    pub(super) console: u16,
    /// Forget the accounts, devices and keys of earlier runs
    #[arg(long)]
    pub(super) fresh: bool,
    /// One line of JSON when it is ready, in place of words
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(super) struct Check {
    /// The configuration file
    #[arg(long, value_name = "FILE", default_value = "sekisho.toml")]
    pub(super) config: PathBuf,
    /// One JSON document on standard output
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(super) struct Explain {
    /// The configuration file
    #[arg(long, value_name = "FILE", default_value = "sekisho.toml")]
    pub(super) config: PathBuf,
    /// The address that is asked for, or its path
    #[arg(long)]
    pub(super) url: String,
    /// The method
    #[arg(long, default_value = "GET")]
    pub(super) method: String,
    /// Where the request comes from
    #[arg(long, value_name = "ADDRESS", default_value = "198.51.100.1")]
    pub(super) address: IpAddr,
    /// Who asks, by user name or e-mail address: the account's groups count
    #[arg(long, value_name = "NAME")]
    pub(super) user: Option<String>,
    /// A group of who asks, in place of an account; may be given more than once
    #[arg(long, value_name = "GROUP", conflicts_with = "user")]
    pub(super) group: Vec<String>,
    /// One JSON document on standard output
    #[arg(long)]
    pub(super) json: bool,
}

/// What every command to a gateway takes.
#[derive(Debug, Args)]
pub(super) struct Common {
    /// The configuration file of the gateway
    #[arg(long, global = true, value_name = "FILE", default_value = "sekisho.toml")]
    pub(super) config: PathBuf,
    /// One JSON document on standard output
    #[arg(long, global = true)]
    pub(super) json: bool,
    /// Say whether the running gateway or the store was used
    #[arg(long, short, global = true)]
    pub(super) verbose: bool,
}

#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(super) struct User {
    #[command(flatten)]
    pub(super) common: Common,
    #[command(subcommand)]
    action: UserAction,
}

#[derive(Debug, Subcommand)]
enum UserAction {
    /// Makes an account; its first sign-in sets up two-step verification
    ///
    /// The password is one line on standard input. On a terminal it is asked for and not shown.
    #[command(after_help = EXIT_CODES)]
    Add(AddUser),
    /// Invites somebody to a sign-in of their own: they choose user name and password behind a link
    ///
    /// The link is mailed. Without `mail` configured, or while the seller account has nobody, it is printed to be handed over.
    #[command(after_help = EXIT_CODES)]
    Invite(InvitedUser),
    /// Makes accounts from a file of another program, with the password hashes they have there
    ///
    /// Every account is made or refused with its line and the reason; none replaces another, so the same file can be
    /// imported again after its refused lines were corrected. docs/import.md says what each format holds.
    #[command(after_help = EXIT_CODES)]
    Import(ImportUsers),
    /// All accounts
    #[command(after_help = EXIT_CODES)]
    List(ListUsers),
    /// One account
    #[command(after_help = EXIT_CODES)]
    Show(Named),
    /// Changes names, address, groups or language; sessions go on
    #[command(after_help = EXIT_CODES)]
    Edit(EditedUser),
    /// Deletes an account with everything that is its own; sessions and trusted devices end
    ///
    /// The log of security events keeps its identifier, which names nobody any more.
    #[command(after_help = EXIT_CODES)]
    Delete(DeletedUser),
    /// Stops sign-ins; sessions and trusted devices end
    #[command(after_help = EXIT_CODES)]
    Disable(Named),
    /// Allows sign-ins again
    #[command(after_help = EXIT_CODES)]
    Enable(Named),
    /// Sets a new password; sessions and trusted devices end
    ///
    /// The password is one line on standard input. On a terminal it is asked for and not shown.
    #[command(after_help = EXIT_CODES)]
    Password(Named),
    /// Removes both methods and prints a ticket; sessions and trusted devices end
    ///
    /// The next sign-in needs the password and the ticket, and sets up two new methods. The ticket is good for 24 hours,
    /// and void once a new one is printed.
    #[command(name = "reset-2sv", after_help = EXIT_CODES)]
    ResetTwoStep(Named),
}

#[derive(Debug, Args)]
struct AddUser {
    /// The name it signs in by
    name: String,
    /// E-mail address: another name to sign in by, and where notices go
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,
    /// What the console may show
    #[arg(long, value_name = "NAME")]
    display_name: Option<String>,
    /// A group of the account; may be repeated
    #[arg(long = "group", value_name = "GROUP")]
    groups: Vec<String>,
    /// The seller account it belongs to, which is made where there is none of that name
    #[arg(long, value_name = "SELLER")]
    seller: Option<String>,
    /// It may invite and remove the others of its seller account and set their groups
    #[arg(long, requires = "seller")]
    owner: bool,
    /// Language of notices
    #[arg(long, value_name = "ja|en", default_value = "ja", value_parser = language)]
    language: Language,
}

#[derive(Debug, Args)]
struct ListUsers {
    /// Only accounts that look as if several people use them; docs/users.md has the rule
    #[arg(long)]
    shared: bool,
}

#[derive(Debug, Args)]
struct InvitedUser {
    /// Where the link goes
    #[arg(value_name = "ADDRESS")]
    email: String,
    /// The seller account the person joins
    #[arg(long, value_name = "SELLER")]
    seller: String,
    /// It may invite and remove the others and set their groups
    #[arg(long)]
    owner: bool,
    /// What the console may show
    #[arg(long, value_name = "NAME")]
    display_name: Option<String>,
    /// A group the account will have; may be repeated
    #[arg(long = "group", value_name = "GROUP")]
    groups: Vec<String>,
    /// Language of the mail
    #[arg(long, value_name = "ja|en", default_value = "ja", value_parser = language)]
    language: Language,
}

/// Where accounts come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum ImportFormat {
    /// Comma-separated, with a header line
    Csv,
    /// Apache htpasswd
    Htpasswd,
    /// Authelia's users file (YAML)
    Authelia,
    /// Django's `dumpdata auth` (JSON)
    Django,
}

#[derive(Debug, Args)]
pub(super) struct ImportUsers {
    /// What the file is
    #[arg(long, value_name = "FORMAT")]
    pub(super) format: ImportFormat,
    /// The file; -: standard input
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    /// Check every line and change nothing
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Language of notices to accounts whose line names none
    #[arg(long, value_name = "ja|en", default_value = "ja", value_parser = language)]
    pub(super) language: Language,
}

#[derive(Debug, Args)]
struct EditedUser {
    #[command(flatten)]
    named: Named,
    /// A new name to sign in by
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// A new e-mail address; an empty one: none
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,
    /// What the console may show; an empty one: nothing
    #[arg(long, value_name = "NAME")]
    display_name: Option<String>,
    /// A group it gets; may be repeated
    #[arg(long = "add-group", value_name = "GROUP")]
    add_groups: Vec<String>,
    /// A group it loses; may be repeated
    #[arg(long = "remove-group", value_name = "GROUP")]
    remove_groups: Vec<String>,
    /// Language of notices
    #[arg(long, value_name = "ja|en", value_parser = language)]
    language: Option<Language>,
}

#[derive(Debug, Args)]
struct DeletedUser {
    #[command(flatten)]
    named: Named,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

#[derive(Debug, Args)]
struct Named {
    /// User name, e-mail address or identifier
    #[arg(value_name = "ACCOUNT")]
    user: String,
}

#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(super) struct Device {
    #[command(flatten)]
    pub(super) common: Common,
    #[command(subcommand)]
    action: DeviceAction,
}

#[derive(Debug, Subcommand)]
enum DeviceAction {
    /// Trusted devices, of all accounts or of one
    #[command(after_help = EXIT_CODES)]
    List(OfAccount),
    /// Ends trust: the browser is asked for a code again
    #[command(after_help = EXIT_CODES, override_usage = "sekisho device revoke [OPTIONS] <ID>\n       sekisho device revoke [OPTIONS] --account <ACCOUNT> --all")]
    Revoke(OneOrAll),
}

#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(super) struct Session {
    #[command(flatten)]
    pub(super) common: Common,
    #[command(subcommand)]
    action: SessionAction,
}

#[derive(Debug, Subcommand)]
enum SessionAction {
    /// Living sessions, of all accounts or of one
    #[command(after_help = EXIT_CODES)]
    List(OfAccount),
    /// Ends sessions: the browser has to sign in again
    #[command(after_help = EXIT_CODES, override_usage = "sekisho session end [OPTIONS] <ID>\n       sekisho session end [OPTIONS] --account <ACCOUNT> --all")]
    End(OneOrAll),
}

#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(super) struct Observe {
    #[command(flatten)]
    pub(super) common: Common,
    #[command(subcommand)]
    action: ObserveAction,
}

#[derive(Debug, Subcommand)]
enum ObserveAction {
    /// Who would be asked to enrol, and which clients and paths would break
    ///
    /// From the running gateway, or from the file it keeps where none runs.
    #[command(after_help = EXIT_CODES)]
    Report,
}

impl Observe {
    /// The command for the gateway.
    pub(super) const fn requested(&self) -> Command {
        match self.action {
            ObserveAction::Report => Command::ObserveReport {},
        }
    }
}

#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(super) struct Recovery {
    #[command(flatten)]
    pub(super) common: Common,
    #[command(subcommand)]
    action: RecoveryAction,
}

#[derive(Debug, Subcommand)]
enum RecoveryAction {
    /// Requests that wait for a decision
    #[command(after_help = EXIT_CODES)]
    List {
        /// Also those that were decided or have ended, of the last 90 days
        #[arg(long)]
        all: bool,
    },
    /// Approves a request after you have checked who the person is
    ///
    /// Possible once its waiting time is over. Which operator you are is your user on this machine; where the
    /// configuration asks for two, another one has to approve it, too. The approval that completes it removes both
    /// methods and prints a ticket, once: hand it over in person or by a channel you trust. It is good for 24 hours.
    #[command(after_help = EXIT_CODES)]
    Approve(Receipt),
    /// Refuses a request; nothing changes for its account
    #[command(after_help = EXIT_CODES)]
    Refuse(Receipt),
}

#[derive(Debug, Args)]
struct Receipt {
    /// Receipt number, as the person has it and `list` shows it
    #[arg(value_name = "RECEIPT")]
    receipt: String,
}

impl Recovery {
    /// The command for the gateway.
    pub(super) fn requested(&self) -> Command {
        match &self.action {
            RecoveryAction::List { all } => Command::ListRecoveryRequests { all: *all },
            RecoveryAction::Approve(Receipt { receipt }) => Command::ApproveRecovery { receipt: receipt.clone() },
            RecoveryAction::Refuse(Receipt { receipt }) => Command::RefuseRecovery { receipt: receipt.clone() },
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct OfAccount {
    /// Only this account's: user name, e-mail address or identifier
    #[arg(long, value_name = "ACCOUNT")]
    pub(super) account: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct OneOrAll {
    /// Identifier, as `list` shows it
    #[arg(required_unless_present = "account", conflicts_with_all = ["account", "all"])]
    pub(super) id: Option<String>,
    /// Of this account: user name, e-mail address or identifier; needs --all
    #[arg(long, value_name = "ACCOUNT", requires = "all")]
    pub(super) account: Option<String>,
    /// All of the account
    #[arg(long, requires = "account")]
    all: bool,
}

fn language(tag: &str) -> Result<Language, String> {
    Language::ALL.into_iter().find(|known| known.tag() == tag).ok_or_else(|| "ja or en".to_owned())
}

/// What to do about accounts.
pub(super) enum UserWork<'a> {
    /// One command, one reply.
    Command(Command),
    /// As many as the list is long.
    List,
    /// As many as the file is long.
    Import(&'a ImportUsers),
}

impl User {
    /// The work; asks for a password or a confirmation where it needs one.
    pub(super) fn requested(&self) -> Result<UserWork<'_>, Failed> {
        Ok(UserWork::Command(match &self.action {
            UserAction::Import(import) => return Ok(UserWork::Import(import)),
            UserAction::List(ListUsers { shared: true }) => Command::ListShared {},
            UserAction::List(ListUsers { shared: false }) => return Ok(UserWork::List),
            UserAction::Edit(edited) => {
                let edit = EditUser {
                    name: edited.name.clone(),
                    email: edited.email.clone(),
                    display_name: edited.display_name.clone(),
                    add_groups: edited.add_groups.clone(),
                    remove_groups: edited.remove_groups.clone(),
                    language: edited.language,
                };
                if edit == EditUser::default() {
                    return Err(Failed::refused("there is nothing to change; say what, as in --email ADDRESS"));
                }
                Command::EditUser { user: edited.named.user.clone(), edit }
            }
            UserAction::Delete(deleted) => {
                let user = deleted.named.user.clone();
                if !deleted.yes && !confirm::delete(&user)? {
                    return Err(Failed::refused("nothing was deleted"));
                }
                Command::DeleteUser { user }
            }
            UserAction::Invite(invited) => Command::InviteUser(InviteUser {
                email: invited.email.clone(),
                seller: invited.seller.clone(),
                display_name: invited.display_name.clone(),
                groups: invited.groups.clone(),
                owner: invited.owner,
                language: invited.language,
            }),
            UserAction::Add(new) => Command::AddUser(NewUser {
                seller: new.seller.clone(),
                owner: new.owner,
                name: new.name.clone(),
                email: new.email.clone(),
                display_name: new.display_name.clone(),
                groups: new.groups.clone(),
                language: new.language,
                password: password::read(&new.name)?,
            }),
            UserAction::Show(named) => Command::ShowUser { user: named.user.clone() },
            UserAction::Disable(named) => Command::DisableUser { user: named.user.clone() },
            UserAction::Enable(named) => Command::EnableUser { user: named.user.clone() },
            UserAction::Password(named) => {
                Command::SetPassword { user: named.user.clone(), password: password::read(&named.user)? }
            }
            UserAction::ResetTwoStep(named) => Command::ResetSecondStep { user: named.user.clone() },
        }))
    }
}

impl Device {
    /// The command for the gateway.
    pub(super) fn requested(&self) -> Command {
        match &self.action {
            DeviceAction::List(of) => Command::ListDevices { user: of.account.clone() },
            DeviceAction::Revoke(which) => match (&which.id, &which.account) {
                (Some(id), _) => Command::RevokeDevice { device: id.clone() },
                (None, account) => Command::RevokeDevices { user: account.clone().unwrap_or_default() },
            },
        }
    }
}

impl Session {
    /// The command for the gateway.
    pub(super) fn requested(&self) -> Command {
        match &self.action {
            SessionAction::List(of) => Command::ListSessions { user: of.account.clone() },
            SessionAction::End(which) => match (&which.id, &which.account) {
                (Some(id), _) => Command::EndSession { session: id.clone() },
                (None, account) => Command::EndSessions { user: account.clone().unwrap_or_default() },
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_definitions_fit_together() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn one_or_all_but_never_neither_or_both() {
        let parse = |arguments: &str| {
            Arguments::try_parse_from(["sekisho", "session", "end"].into_iter().chain(arguments.split_whitespace()))
        };
        for wrong in ["", "--all", "--account hanako", "someid --account hanako --all", "someid --all"] {
            assert!(parse(wrong).is_err(), "{wrong:?}");
        }
        for right in ["someid", "--account hanako --all", "someid --config x.toml --json"] {
            assert!(parse(right).is_ok(), "{right:?}");
        }
    }

    #[test]
    fn no_argument_takes_a_password() {
        let mut pending = vec![Arguments::command()];
        while let Some(command) = pending.pop() {
            for argument in command.get_arguments() {
                let name = argument.get_id().as_str();
                assert!(!name.contains("password") && !name.contains("secret"), "{} {name}", command.get_name());
            }
            pending.extend(command.get_subcommands().cloned());
        }
    }
}
