//! Carries out commands: text becomes checked values, one use case runs, its result becomes a reply.

use super::{
    command::{Command, InviteUser, NewUser},
    delivery::{BudgetView, DeliveryView, PauseView, TestedView},
    import,
    reply::{
        ApprovalView, DeviceView, InvitedView, RecoveryView, Reply, ResetView, SessionView, SharedView, TicketText,
        UserView,
    },
    tokens,
};
use crate::{
    account::{EmailAddress, Group, SellerName, UserName},
    app::{
        App, AppError,
        administration::{NewPerson, Refused},
        recovery::ApprovedRecovery,
    },
    authn::{
        Password,
        recovery::{Operator, Receipt, RecoveryRefusal},
    },
    secret::{ExposeSecret as _, SecretString},
    session::{DeviceId, SessionId},
    store::{AccountSummary, NotDecided},
};

/// At most so many accounts a reply; a list that is this long may go on.
pub const USERS_A_REPLY: u32 = 1_000;

/// Why a command was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// What was asked for cannot be; the words are for the operator.
    #[error("{0}")]
    Refused(String),
    /// The gateway failed; nothing was changed.
    #[error(transparent)]
    App(#[from] AppError),
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused.to_string())
    }
}

impl From<NotDecided> for Failure {
    fn from(refused: NotDecided) -> Self {
        Self::Refused(refused.to_string())
    }
}

/// From when on it can be approved, in the time zone that the pages and the list of requests use.
fn not_approved(app: &App, why: NotDecided) -> Failure {
    let NotDecided::Refused(RecoveryRefusal::TooEarly(at)) = why else { return why.into() };
    let Ok(at) = jiff::Timestamp::from_millisecond(at.next_minute().as_millis()) else { return why.into() };
    let at = at.to_zoned(app.snapshot().config.time_zone.clone()).strftime("%F %H:%M %Z");
    Failure::Refused(format!("nobody can approve it before {at}: until then its owner can cancel it"))
}

/// Carries out one command of an operator, named by the kernel.
#[expect(clippy::too_many_lines, reason = "one arm for each command")]
pub async fn execute(app: &App, command: Command, by: Operator) -> Result<Reply, Failure> {
    Ok(match command {
        Command::AddUser(new) => {
            let person = checked(app, &new)?;
            let account = match new.seller.as_deref() {
                Some(seller) => app.add_member(person, self::seller(seller)?, new.owner).await??,
                None => app.add_account(person).await??,
            };
            let membership = app.membership(account.id).await?;
            Reply::User(Box::new(UserView::of_account(&account).belonging(membership.as_ref())))
        }
        Command::ImportUsers { dry_run, users } => Reply::Imported(import::run(app, &users, dry_run).await?),
        Command::EditUser { user, edit } => {
            let account = find(app, &user).await?.account;
            let edit = import::checked_edit(&account, &edit)?;
            let id = app.edit_account(&account, &edit).await??.id.to_string();
            Reply::User(Box::new(shown(app, &id).await?))
        }
        Command::DeleteUser { user } => {
            let id = find(app, &user).await?.account.id;
            Reply::UserDeleted(app.delete_account(id).await??)
        }
        Command::ListUsers { after } => {
            let after = after.as_deref().map(UserName::parse).transpose();
            let after = after.map_err(|why| Failure::Refused(format!("the user name to go on after: {why}")))?;
            let accounts = app.list_accounts_after(after.as_ref(), USERS_A_REPLY).await?;
            let mut users = Vec::with_capacity(accounts.len());
            for summary in &accounts {
                let membership = app.membership(summary.account.id).await?;
                users.push(UserView::new(summary).belonging(membership.as_ref()));
            }
            Reply::Users(users)
        }
        Command::ShowUser { user } => Reply::User(Box::new(shown(app, &user).await?)),
        Command::DisableUser { user } => {
            let id = find(app, &user).await?.account.id;
            Reply::SessionsEnded(app.disable_account(id, true).await??)
        }
        Command::EnableUser { user } => {
            let id = find(app, &user).await?.account.id;
            Reply::SessionsEnded(app.disable_account(id, false).await??)
        }
        Command::SetPassword { user, password } => {
            let account = find(app, &user).await?.account;
            let password = choose(app, &password, &account.user_name, account.email.as_ref())?;
            Reply::SessionsEnded(app.set_password(&account, password).await??)
        }
        Command::ResetSecondStep { user } => {
            let account = find(app, &user).await?.account;
            Reply::SecondStepReset(ResetView::new(&app.reset_second_step(&account).await??))
        }
        Command::ListDevices { user } => {
            let accounts = match user {
                Some(user) => vec![find(app, &user).await?],
                None => app.list_accounts().await?,
            };
            let mut devices = Vec::new();
            for AccountSummary { account, .. } in accounts.iter().filter(|summary| summary.devices > 0) {
                let living = app.list_devices(account.id).await?;
                devices.extend(living.iter().map(|device| DeviceView::new(device, account.user_name.as_str())));
            }
            Reply::Devices(devices)
        }
        Command::RevokeDevice { device } => {
            let id = DeviceId::parse(&device).ok_or_else(|| Failure::Refused(not_an_id("device")))?;
            app.revoke_device(id).await??;
            Reply::DevicesRevoked(1)
        }
        Command::RevokeDevices { user } => {
            let id = find(app, &user).await?.account.id;
            Reply::DevicesRevoked(app.revoke_devices(id).await?)
        }
        Command::ListSessions { user } => {
            let account = match user {
                Some(user) => Some(find(app, &user).await?.account.id),
                None => None,
            };
            Reply::Sessions(app.list_sessions(account).await?.iter().map(SessionView::new).collect())
        }
        Command::EndSession { session } => {
            let id = SessionId::parse(&session).ok_or_else(|| Failure::Refused(not_an_id("session")))?;
            app.end_session(id).await??;
            Reply::SessionsEnded(1)
        }
        Command::ListShared {} => Reply::Shared(
            app.shared_accounts().await?.iter().map(|(summary, sharing)| SharedView::new(summary, *sharing)).collect(),
        ),
        Command::InviteUser(invite) => Reply::Invited(invited(app, &invite).await?),
        Command::ObserveReport {} => Reply::Observed(Box::new(app.observe_report().await?)),
        Command::ListRecoveryRequests { all } => {
            let now = app.now();
            let requests = app.recovery_requests(all).await?;
            Reply::RecoveryRequests(requests.iter().map(|request| RecoveryView::new(request, now)).collect())
        }
        Command::ApproveRecovery { receipt } => {
            match app.approve_recovery(&receipt_of(&receipt)?, by).await?.map_err(|why| not_approved(app, why))? {
                ApprovedRecovery::Counted { given, needed } => Reply::RecoveryApproved(ApprovalView { given, needed }),
                ApprovedRecovery::Completed(reset) => Reply::SecondStepReset(ResetView::new(&reset)),
            }
        }
        Command::RefuseRecovery { receipt } => {
            let receipt = receipt_of(&receipt)?;
            app.refuse_recovery(&receipt, by).await??;
            Reply::RecoveryRefused(receipt.to_string())
        }
        Command::CreateToken(new) => Reply::TokenCreated(Box::new(tokens::create(app, &new).await?)),
        Command::ListTokens { user } => Reply::Tokens(tokens::list(app, user.as_deref()).await?),
        Command::RevokeToken { token } => {
            tokens::revoke(app, &token).await?;
            Reply::TokensRevoked(1)
        }
        Command::RevokeTokens { user } => {
            let id = find(app, &user).await?.account.id;
            Reply::TokensRevoked(app.revoke_tokens(id).await?)
        }
        Command::EndSessions { user } => {
            let id = find(app, &user).await?.account.id;
            Reply::SessionsEnded(app.end_sessions(id).await??)
        }
        Command::DeliveryStatus {} => Reply::Delivery(DeliveryView::new(app.delivery_status().await?)),
        Command::DeliveryBudget {} => Reply::DeliveryBudget(Box::new(BudgetView::new(app.budget_status().await?))),
        Command::PauseDelivery { what, minutes } => {
            let lasts = minutes.map(|minutes| std::time::Duration::from_mins(minutes.into()));
            let until = app.pause_delivery(&what, lasts, &by.to_string()).await?;
            let until = until.map_err(|none| Failure::Refused(none.to_string()))?;
            Reply::DeliveryPaused(PauseView {
                what,
                cause: "operator".to_owned(),
                since: app.now().to_string(),
                until: until.map(|until| until.to_string()),
            })
        }
        Command::ResumeDelivery { what } => {
            let resumed = app.resume_delivery(&what, &by.to_string()).await?;
            Reply::DeliveryResumed(resumed.map_err(|none| Failure::Refused(none.to_string()))?)
        }
        Command::TestDelivery { table, to, language } => {
            let tested = app.test_delivery(&table, &to, language).await?;
            let (provider, outcome) = tested.map_err(|why| Failure::Refused(why.to_string()))?;
            Reply::DeliveryTested(TestedView::new(provider, &outcome))
        }
    })
}

/// An account with all that is shown of one.
async fn shown(app: &App, user: &str) -> Result<UserView, Failure> {
    let summary = find(app, user).await?;
    let numbers = app.imported_numbers(summary.account.id).await?;
    let unproven_numbers = numbers.iter().map(|number| number.last_two().to_owned()).collect();
    let membership = app.membership(summary.account.id).await?;
    Ok(UserView { unproven_numbers, ..UserView::new(&summary).belonging(membership.as_ref()) })
}

fn seller(name: &str) -> Result<SellerName, Failure> {
    SellerName::parse(name).map_err(|why| Failure::Refused(format!("the name of the seller account: {why}")))
}

async fn invited(app: &App, invite: &InviteUser) -> Result<InvitedView, Failure> {
    let email =
        EmailAddress::parse(&invite.email).map_err(|why| Failure::Refused(format!("the e-mail address: {why}")))?;
    let display_name = display_name(invite.display_name.as_deref()).map_err(Failure::Refused)?;
    let groups = groups(&invite.groups).map_err(Failure::Refused)?;
    let seller = seller(&invite.seller)?;
    let made = app.invite_by_operator(&seller, email, display_name, groups, invite.owner, invite.language).await??;
    Ok(InvitedView {
        email: made.email.to_string(),
        expires_at: made.expires_at.to_string(),
        address: made.address.map(|address| TicketText(address.expose_secret().to_owned())),
    })
}

fn receipt_of(typed: &str) -> Result<Receipt, Failure> {
    let words = "this is not a receipt number: it has eight letters and digits, as `recovery list` shows them";
    Receipt::parse(typed).ok_or_else(|| Failure::Refused(words.to_owned()))
}

pub(super) async fn find(app: &App, user: &str) -> Result<AccountSummary, Failure> {
    Ok(app.find_account(user).await??)
}

fn choose(
    app: &App,
    typed: &SecretString,
    user_name: &UserName,
    email: Option<&EmailAddress>,
) -> Result<Password, Failure> {
    app.choose_password(typed.expose_secret(), user_name, email).map_err(|why| Failure::Refused(why.to_string()))
}

fn checked(app: &App, new: &NewUser) -> Result<NewPerson, Failure> {
    let problem = |what: &str, why: &dyn std::fmt::Display| Failure::Refused(format!("{what}: {why}"));
    let user_name = UserName::parse(&new.name).map_err(|why| problem("the user name", &why))?;
    let email = match new.email.as_deref() {
        Some(typed) => Some(EmailAddress::parse(typed).map_err(|why| problem("the e-mail address", &why))?),
        None => None,
    };
    let display_name = display_name(new.display_name.as_deref()).map_err(Failure::Refused)?;
    let groups = groups(&new.groups).map_err(Failure::Refused)?;
    let password = choose(app, &new.password, &user_name, email.as_ref())?;
    Ok(NewPerson { user_name, email, display_name, groups, language: new.language, password })
}

pub(super) fn display_name(typed: Option<&str>) -> Result<Option<String>, String> {
    match typed.map(str::trim) {
        None | Some("") => Ok(None),
        Some(name) if name.chars().count() > 100 || name.chars().any(char::is_control) => {
            Err("the display name: it is at most 100 characters on one line".to_owned())
        }
        Some(name) => Ok(Some(name.to_owned())),
    }
}

pub(super) fn groups(typed: &[String]) -> Result<Vec<Group>, String> {
    typed.iter().map(|typed| Group::parse(typed).map_err(|why| format!("a group: {why}"))).collect()
}

fn not_an_id(what: &str) -> String {
    format!("this is not the identifier of a {what}: it has 26 letters and digits, as `{what} list` shows them")
}
