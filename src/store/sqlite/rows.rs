//! Rows into values and back. A value that does not decode is an incident with its coordinates, never a default: an
//! account with half a pair must not look like one that has none.

use sqlx::{Row as _, SqliteConnection, sqlite::SqliteRow};

use super::SqliteStore;
use crate::{
    account::{
        Account, AccountId, CredentialVersion, EmailAddress, Group, Label, Method, MethodId, MethodKind, MethodPair,
        NumberKind, PhoneNumber, Role, Target, UserName,
    },
    authn::{SignIn, Ticket},
    clock::Timestamp,
    keyring::{KeyId, Place, Purpose},
    language::Language,
    secret::{Digest, SecretBytes},
    session::{DeviceId, DeviceLabel, SecondStep, Session, SessionId, SessionRecord, TrustedDevice},
    store::{MethodState, Result, SignInId, StoreError, StoredSession},
};

/// The columns [`account`] reads, of a table called `a`.
macro_rules! account_columns {
    () => {
        "a.id AS account_id, a.user_name, a.email, a.display_name, a.group_names, a.language, a.disabled_at, \
         a.credential_version, a.created_at AS account_created_at, \
         a.ticket_digest, a.ticket_key, a.ticket_expires_at"
    };
}
pub(super) use account_columns;

/// A row with the coordinates an incident needs.
pub(super) struct Cells<'r> {
    row: &'r SqliteRow,
    table: &'static str,
    id: String,
}

impl<'r> Cells<'r> {
    /// `id` is the column that names the row.
    pub(super) fn of(row: &'r SqliteRow, table: &'static str, id: &'static str) -> Result<Self> {
        Ok(Self { row, table, id: row.try_get(id)? })
    }
    pub(super) fn corrupt(&self, column: &'static str) -> StoreError {
        StoreError::Corrupt { table: self.table, column, row: self.id.clone() }
    }
    pub(super) fn text<T>(&self, column: &'static str, parse: impl FnOnce(&str) -> Option<T>) -> Result<T> {
        parse(self.row.try_get(column)?).ok_or_else(|| self.corrupt(column))
    }
    pub(super) fn optional_text<T>(
        &self,
        column: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>> {
        match self.row.try_get::<Option<&str>, _>(column)? {
            None => Ok(None),
            Some(text) => parse(text).map(Some).ok_or_else(|| self.corrupt(column)),
        }
    }
    pub(super) fn time(&self, column: &'static str) -> Result<Timestamp> {
        Ok(Timestamp::from_millis(self.row.try_get(column)?))
    }
    pub(super) fn optional_time(&self, column: &'static str) -> Result<Option<Timestamp>> {
        Ok(self.row.try_get::<Option<i64>, _>(column)?.map(Timestamp::from_millis))
    }
    pub(super) fn count(&self, column: &'static str) -> Result<u32> {
        u32::try_from(self.row.try_get::<i64, _>(column)?).map_err(|_out_of_range| self.corrupt(column))
    }
    pub(super) fn digest(&self, column: &'static str) -> Result<Digest> {
        Digest::from_slice(self.row.try_get(column)?).ok_or_else(|| self.corrupt(column))
    }
    pub(super) fn optional_digest(&self, column: &'static str) -> Result<Option<Digest>> {
        match self.row.try_get::<Option<&[u8]>, _>(column)? {
            None => Ok(None),
            Some(bytes) => Digest::from_slice(bytes).map(Some).ok_or_else(|| self.corrupt(column)),
        }
    }
    pub(super) fn phone(&self) -> Result<PhoneNumber> {
        let e164 = self.text("e164", |text| Some(text.to_owned()))?;
        let extension = self.optional_text("extension", |text| Some(text.to_owned()))?;
        Ok(PhoneNumber::from_record(e164, extension, self.text("number_kind", NumberKind::parse)?))
    }
}

pub(super) fn account(row: &SqliteRow) -> Result<Account> {
    let cells = Cells::of(row, "accounts", "account_id")?;
    Ok(Account {
        id: cells.text("account_id", AccountId::parse)?,
        user_name: cells.text("user_name", |text| UserName::parse(text).ok())?,
        email: cells.optional_text("email", |text| EmailAddress::kept(text).ok())?,
        display_name: cells.optional_text("display_name", |text| Some(text.to_owned()))?,
        groups: cells.text("group_names", groups)?,
        language: cells.text("language", Language::from_tag)?,
        disabled: cells.optional_time("disabled_at")?.is_some(),
        credential_version: CredentialVersion(row.try_get("credential_version")?),
        created_at: cells.time("account_created_at")?,
    })
}

pub(super) fn groups(text: &str) -> Option<Vec<Group>> {
    let names: Vec<String> = serde_json::from_str(text).ok()?;
    names.iter().map(|name| Group::parse(name).ok()).collect()
}

/// For the column [`account`] reads.
/// What a new enrolment of the account has to show first.
pub(super) fn ticket(row: &SqliteRow) -> Result<Option<Ticket>> {
    let cells = Cells::of(row, "accounts", "account_id")?;
    let Some(digest) = cells.optional_digest("ticket_digest")? else { return Ok(None) };
    let (key, expires_at) = (KeyId(cells.count("ticket_key")?), cells.time("ticket_expires_at")?);
    Ok(Some(Ticket { digest, key, expires_at }))
}

pub(super) fn group_names(groups: &[Group]) -> String {
    serde_json::Value::from(groups.iter().map(Group::as_str).collect::<Vec<_>>()).to_string()
}

/// What is stored of an account's methods.
pub(super) struct Methods {
    pub(super) pair: MethodPair,
    pub(super) primary: MethodState,
    pub(super) backup: MethodState,
    /// Of the app, where there is one.
    pub(super) app_last_step: Option<i64>,
}

struct StoredMethod {
    role: Role,
    method: Method,
    state: MethodState,
    last_step: Option<i64>,
}

impl SqliteStore {
    /// The pair of an account, `None` when it has no row at all; anything between is corrupt.
    pub(super) async fn methods(&self, db: &mut SqliteConnection, account: AccountId) -> Result<Option<Methods>> {
        let rows = sqlx::query("SELECT * FROM methods WHERE account_id = $1")
            .bind(account.to_string())
            .fetch_all(&mut *db)
            .await?;
        self.pair_of(account, &rows)
    }

    /// The same of rows that were read already: all of the account's.
    pub(super) fn pair_of(&self, account: AccountId, rows: &[SqliteRow]) -> Result<Option<Methods>> {
        let corrupt = |column| StoreError::Corrupt { table: "methods", column, row: format!("account {account}") };
        let mut stored = rows.iter().map(|row| self.method(row)).collect::<Result<Vec<_>>>()?.into_iter();
        let (one, other) = match (stored.next(), stored.next(), stored.next()) {
            (None, ..) => return Ok(None),
            (Some(one), Some(other), None) => (one, other),
            _ => return Err(corrupt("role")),
        };
        let (primary, backup) = match (one.role, other.role) {
            (Role::Primary, Role::Backup) => (one, other),
            (Role::Backup, Role::Primary) => (other, one),
            (Role::Primary, Role::Primary) | (Role::Backup, Role::Backup) => return Err(corrupt("role")),
        };
        let app_last_step = primary.last_step.or(backup.last_step);
        let states = (primary.state, backup.state);
        let pair = MethodPair::new(primary.method, backup.method).map_err(|_illegal_pair| corrupt("kind"))?;
        Ok(Some(Methods { pair, primary: states.0, backup: states.1, app_last_step }))
    }

    fn method(&self, row: &SqliteRow) -> Result<StoredMethod> {
        let cells = Cells::of(row, "methods", "id")?;
        let id = cells.text("id", MethodId::parse)?;
        let target = match cells.text("kind", MethodKind::parse)? {
            MethodKind::App => {
                let sealed = row.try_get::<Option<&[u8]>, _>("seed")?.ok_or_else(|| cells.corrupt("seed"))?;
                let opened = self.keyring.open(Purpose::SealedColumn, seed_place(&id), sealed);
                Target::App(opened.map_err(|_unsealed| cells.corrupt("seed"))?)
            }
            MethodKind::Sms => Target::Sms(cells.phone()?),
            MethodKind::Voice => Target::Voice(cells.phone()?),
        };
        let method = Method {
            id,
            target,
            label: cells.optional_text("label", |text| Label::parse(text).ok().flatten())?,
            added_at: cells.time("added_at")?,
            last_used_at: cells.optional_time("last_used_at")?,
        };
        let state = MethodState {
            consecutive: cells.count("consecutive")?,
            paused_until: cells.optional_time("paused_until")?,
            disabled: cells.optional_time("disabled_at")?.is_some(),
        };
        Ok(StoredMethod { role: cells.text("role", Role::parse)?, method, state, last_step: row.try_get("last_step")? })
    }

    pub(super) fn seal_seed(&self, id: &MethodId, seed: &SecretBytes) -> Result<Vec<u8>> {
        self.keyring
            .seal(Purpose::SealedColumn, seed_place(id), seed.expose(), &*self.entropy)
            .map_err(|_unsealed| corrupt_id("methods", "seed", id))
    }

    pub(super) fn seal_state(&self, id: &SignInId, sign_in: &SignIn) -> Result<Vec<u8>> {
        let unwritable = || corrupt_id("sign_ins", "state", id);
        let record = sign_in.to_record().map_err(|_unwritable| unwritable())?;
        self.keyring
            .seal(Purpose::SealedColumn, state_place(id), record.expose(), &*self.entropy)
            .map_err(|_unsealed| unwritable())
    }

    pub(super) fn open_state(&self, id: &SignInId, sealed: &[u8]) -> Result<SignIn> {
        let unreadable = || corrupt_id("sign_ins", "state", id);
        let record =
            self.keyring.open(Purpose::SealedColumn, state_place(id), sealed).map_err(|_unsealed| unreadable())?;
        SignIn::from_record(&record).map_err(|_unreadable| unreadable())
    }
}

fn seed_place(id: &MethodId) -> Place<'_> {
    Place { table: "methods", column: "seed", row: id.as_bytes() }
}

fn state_place(id: &SignInId) -> Place<'_> {
    Place { table: "sign_ins", column: "state", row: id.as_bytes() }
}

fn corrupt_id(table: &'static str, column: &'static str, id: &impl ToString) -> StoreError {
    StoreError::Corrupt { table, column, row: id.to_string() }
}

/// A session joined with its account: the session's columns carry the prefix `s_`.
pub(super) fn session(row: &SqliteRow) -> Result<StoredSession> {
    let cells = Cells::of(row, "sessions", "s_id")?;
    let account = account(row)?;
    let session = Session::from_record(SessionRecord {
        id: cells.text("s_id", SessionId::parse)?,
        digest: cells.digest("s_digest")?,
        account: account.id,
        credential_version: CredentialVersion(row.try_get("s_credential_version")?),
        second_step: cells.text("s_second_step", SecondStep::parse)?,
        device: cells.optional_text("s_device_id", DeviceId::parse)?,
        browser: cells.text("s_browser", |text| Some(DeviceLabel::new(text)))?,
        created_at: cells.time("s_created_at")?,
        last_used_at: cells.time("s_last_used_at")?,
        mfa_at: cells.optional_time("s_mfa_at")?,
    });
    Ok(StoredSession { session, account, cut_short: cells.count("s_cut_short")? == 1 })
}

pub(super) fn device(row: &SqliteRow) -> Result<TrustedDevice> {
    let cells = Cells::of(row, "trusted_devices", "id")?;
    Ok(TrustedDevice {
        id: cells.text("id", DeviceId::parse)?,
        account: cells.text("account_id", AccountId::parse)?,
        credential_version: CredentialVersion(row.try_get("credential_version")?),
        current: cells.digest("current_digest")?,
        previous: cells.optional_digest("previous_digest")?,
        label: cells.text("label", |text| Some(DeviceLabel::new(text)))?,
        issued_at: cells.time("issued_at")?,
        expires_at: cells.time("expires_at")?,
        last_used_at: cells.time("last_used_at")?,
    })
}
