//! What operators do to accounts, sessions and devices, through the command line or the administration socket. They
//! set no second step aside: resetting it leads to a new enrolment.

use std::time::Duration;

use super::{App, AppError, Result, notices::both};
use crate::{
    account::{Account, AccountId, CredentialVersion, EmailAddress, Group, LoginName, PhoneNumber, UserName},
    audit::{Event, Origin},
    authn::{Password, PasswordHash, Ticket},
    clock::Timestamp,
    language::Language,
    secret::SecretString,
    session::{DeviceId, SessionId, TrustedDevice},
    store::{
        AccountEdit, AccountSummary, EditedAccount, EndedSession, EndedTrust, Enrolment, NewAccount, NewAccountError,
        Notice, StoredSession,
    },
};

/// A new account as an operator describes it.
#[derive(Clone, Debug)]
pub struct NewPerson {
    /// The name it signs in by.
    pub user_name: UserName,
    /// Also a name it signs in by, and where notices go.
    pub email: Option<EmailAddress>,
    /// What the console may show.
    pub display_name: Option<String>,
    /// Its groups.
    pub groups: Vec<Group>,
    /// Language of notices.
    pub language: Language,
    /// The first password.
    pub password: Password,
}

/// Both methods are gone; this is what the person needs to enrol new ones.
#[derive(Debug)]
pub struct SecondStepReset {
    /// Shown once, to be handed over in person or by a channel the operator trusts.
    pub ticket: SecretString,
    /// Not good from then on.
    pub expires_at: Timestamp,
    /// How many sessions ended.
    pub sessions_ended: usize,
}

/// Why an operator's wish was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// No account, session or device is named so.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// No seller account has this name.
    #[error(
        "there is no such seller account: `user list` shows them, and `user add NAME --seller SELLER --owner` makes one"
    )]
    NoSeller,
    /// The name is taken.
    #[error(transparent)]
    Taken(#[from] NewAccountError),
    /// What concerns a seller account.
    #[error("{0}")]
    Users(String),
    /// What concerns an access token.
    #[error("{0}")]
    Token(String),
    /// The account has its two methods already.
    #[error("the account has its two methods already")]
    HasMethods,
}

/// The outer result is the gateway's, the inner one the operator's.
pub type Answer<T> = Result<std::result::Result<T, Refused>>;

impl App {
    pub(super) async fn hash(&self, password: Password) -> Result<PasswordHash> {
        let (snapshot, entropy) = (self.snapshot(), self.entropy.clone());
        Ok(self.hashing.run(move || snapshot.scheme.hash(&password, &*entropy)).await??)
    }

    /// Makes an account. Its first sign-in enrols two methods.
    pub async fn add_account(&self, person: NewPerson) -> Answer<Account> {
        let new = self.new_account(person).await?;
        match self.store.create_account(&new).await? {
            Ok(()) => {
                Event::AccountCreated { account: &new.account.id.to_string() }.record(Origin::Operator);
                Ok(Ok(new.account))
            }
            Err(taken) => Ok(Err(taken.into())),
        }
    }

    pub(super) async fn new_account(&self, person: NewPerson) -> Result<NewAccount> {
        let hash = self.hash(person.password).await?;
        let mut groups = person.groups;
        groups.sort();
        groups.dedup();
        let account = Account {
            id: AccountId::random(&*self.entropy),
            user_name: person.user_name,
            email: person.email,
            display_name: person.display_name,
            groups,
            language: person.language,
            disabled: false,
            credential_version: CredentialVersion(1),
            created_at: self.now(),
        };
        Ok(NewAccount { account, hash })
    }

    /// All accounts by user name.
    pub async fn list_accounts(&self) -> Result<Vec<AccountSummary>> {
        Ok(self.store.accounts().await?)
    }

    /// At most `limit` accounts by user name, those after `after`.
    pub async fn list_accounts_after(&self, after: Option<&UserName>, limit: u32) -> Result<Vec<AccountSummary>> {
        Ok(self.store.accounts_after(after, limit).await?)
    }

    /// Changes what is known of an account; its sessions go on, and the console hears of it with their next request. A
    /// changed address is told to the old one and to the phones.
    pub async fn edit_account(&self, account: &Account, edit: &AccountEdit) -> Answer<Account> {
        let notices = if edit.email.as_ref().is_some_and(|email| *email != account.email) {
            let pair = self.told_pair(account).await?;
            self.notices(account, &both(pair.as_ref()), &Notice::EmailChanged, self.now())
        } else {
            Vec::new()
        };
        let Some(edited) = self.store.edit_account(account.id, edit, &self.snapshot().untrusting, &notices).await?
        else {
            return Ok(Err(Refused::NotFound("account")));
        };
        match edited {
            Ok(EditedAccount { account, sessions, ended }) => {
                self.trust_ended(account.id, &ended, Origin::Operator).await;
                self.live.reread(&sessions).await;
                Event::AccountEdited { account: &account.id.to_string() }.record(Origin::Operator);
                Ok(Ok(account))
            }
            Err(taken) => Ok(Err(taken.into())),
        }
    }

    /// Deletes an account with everything that is its own; the number of sessions that ended. The audit log keeps its
    /// identifier.
    pub async fn delete_account(&self, id: AccountId) -> Answer<usize> {
        let ended = self.store.delete_account(id).await?;
        if ended.is_some() {
            Event::AccountDeleted { account: &id.to_string() }.record(Origin::Operator);
        }
        Ok(self.ended(ended).await)
    }

    /// Numbers that came with the import of an account; nobody has proven them.
    pub async fn imported_numbers(&self, id: AccountId) -> Result<Vec<PhoneNumber>> {
        Ok(self.store.imported_numbers(id).await?)
    }

    /// By identifier, user name or e-mail address.
    pub async fn find_account(&self, named: &str) -> Answer<AccountSummary> {
        let by_id = match AccountId::parse(named) {
            Some(id) => self.store.account(id).await?,
            None => None,
        };
        let found = match by_id {
            Some(summary) => Some(summary),
            None => self.store.account_by_login(&LoginName::parse(named)).await?,
        };
        Ok(found.ok_or(Refused::NotFound("account")))
    }

    async fn ended(&self, ended: Option<Vec<EndedSession>>) -> std::result::Result<usize, Refused> {
        let ended = ended.ok_or(Refused::NotFound("account"))?;
        self.live.forget(&ended).await;
        for gone in &ended {
            let (account, session) = (gone.account.to_string(), gone.id.to_string());
            Event::SessionEnded { account: &account, session: &session, reason: "operator" }.record(Origin::Operator);
        }
        Ok(ended.len())
    }

    /// Disables or enables an account; the number of sessions that ended.
    pub async fn disable_account(&self, id: AccountId, disabled: bool) -> Answer<usize> {
        let ended = self.store.set_disabled(id, disabled, self.now()).await?;
        if ended.is_some() {
            let account = &id.to_string();
            let event = if disabled { Event::AccountDisabled { account } } else { Event::AccountEnabled { account } };
            event.record(Origin::Operator);
        }
        Ok(self.ended(ended).await)
    }

    /// Replaces a password and tells its owner; the number of sessions that ended.
    pub async fn set_password(&self, account: &Account, password: Password) -> Answer<usize> {
        let hash = self.hash(password).await?;
        let now = self.now();
        let pair = self.told_pair(account).await?;
        let notices = self.notices(account, &both(pair.as_ref()), &Notice::PasswordSetByOperator, now);
        let ended = self.store.set_password(account.id, &hash, &notices, now).await?;
        if ended.is_some() {
            Event::PasswordSet { account: &account.id.to_string() }.record(Origin::Operator);
        }
        Ok(self.ended(ended).await)
    }

    /// Removes both methods and tells the owner. The next sign-in needs the ticket this returns, so that the account
    /// is not open to whoever knows the password, and then enrols anew.
    pub async fn reset_second_step(&self, account: &Account) -> Answer<SecondStepReset> {
        const TICKET_LIFETIME: Duration = Duration::from_hours(24);
        let now = self.now();
        let expires_at = now + TICKET_LIFETIME;
        let (ticket, text) = Ticket::draw(&*self.entropy, &self.keyring, expires_at).ok_or(AppError::Key)?;
        let pair = self.told_pair(account).await?;
        let notices = self.notices(account, &both(pair.as_ref()), &Notice::SecondStepReset, now);
        let ended = self.store.reset_methods(account.id, &ticket, &notices, now).await?;
        if ended.is_some() {
            Event::SecondStepReset { account: &account.id.to_string() }.record(Origin::Operator);
        }
        Ok(self.ended(ended).await.map(|sessions_ended| SecondStepReset { ticket: text, expires_at, sessions_ended }))
    }

    /// Gives an account two methods that were proven elsewhere; only the demo does.
    pub async fn enrol_directly(&self, id: AccountId, pair: Enrolment) -> Answer<()> {
        match self.store.enrol_directly(id, pair, self.now()).await? {
            Ok(()) => Ok(Ok(())),
            Err(_has_them) => Ok(Err(Refused::HasMethods)),
        }
    }

    /// Living trust of an account.
    pub async fn list_devices(&self, account: AccountId) -> Result<Vec<TrustedDevice>> {
        Ok(self.store.devices(account, self.now()).await?)
    }

    /// Ends one trust.
    pub async fn revoke_device(&self, id: DeviceId) -> Answer<()> {
        let Some(ended) = self.store.revoke_device(id).await? else { return Ok(Err(Refused::NotFound("device"))) };
        self.forget_untrusted(&ended).await;
        Event::DeviceRevoked { account: None, device: Some(&id.to_string()) }.record(Origin::Operator);
        Ok(Ok(()))
    }

    /// Ends every trust of an account; how many there were.
    pub async fn revoke_devices(&self, account: AccountId) -> Result<u32> {
        let revoked = self.store.revoke_devices(account).await?;
        self.forget_untrusted(&revoked).await;
        Event::DeviceRevoked { account: Some(&account.to_string()), device: None }.record(Origin::Operator);
        Ok(revoked.devices)
    }

    async fn forget_untrusted(&self, ended: &EndedTrust) {
        self.live.forget(&ended.sessions).await;
        for gone in &ended.sessions {
            let (account, session) = (gone.account.to_string(), gone.id.to_string());
            Event::SessionEnded { account: &account, session: &session, reason: "trust" }.record(Origin::Operator);
        }
    }

    /// Living sessions, of one account or of all.
    pub async fn list_sessions(&self, account: Option<AccountId>) -> Result<Vec<StoredSession>> {
        let (now, lifetime) = (self.now(), self.snapshot().lifetime());
        Ok(self.store.sessions(account, lifetime, now).await?)
    }

    /// Ends one session.
    pub async fn end_session(&self, id: SessionId) -> Answer<()> {
        let Some(ended) = self.store.end_session(id).await? else { return Ok(Err(Refused::NotFound("session"))) };
        Ok(self.ended(Some(vec![ended])).await.map(drop))
    }

    /// Ends every session of an account; how many there were.
    pub async fn end_sessions(&self, account: AccountId) -> Answer<usize> {
        let ended = self.store.end_sessions(account).await?;
        Ok(self.ended(Some(ended)).await)
    }
}

impl AppError {
    /// Is it worth trying again soon?
    pub const fn passing(&self) -> bool {
        matches!(self, Self::Store(_) | Self::Busy | Self::Stopping)
    }
}
