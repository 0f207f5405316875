//! Seller accounts, their people and their invitations.

use sqlx::{Row as _, SqliteConnection, sqlite::SqliteRow};

use super::{
    SqliteStore, accounts, links, outbox,
    rows::{self, Cells, account_columns},
    sessions::{self, uses},
    settings,
};
use crate::{
    account::{Account, AccountId, EmailAddress, Group, Membership, SellerAccount, SellerId, SellerName, regrant},
    clock::Timestamp,
    language::Language,
    secret::Digest,
    session::{BrowserHour, DeviceLabel, SessionId},
    store::{
        AcceptError, AcceptInvitation, Acting, By, ChangeGroups, ChangedGroups, EndedSession, EndedTrust, Invitation,
        InvitationId, InviteError, Link, LinkId, LinkPurpose, Member, NewInvitation, NewMember, NewMemberError,
        OutboxItem, RemoveMember, RenewInvitation, Result,
    },
};

/// More than ten sessions an account can make in two weeks.
const MOST_HOURS: i64 = 4_000;

macro_rules! invitations {
    ($rest:literal) => {
        concat!(
            "SELECT i.id AS i_id, i.email, i.display_name, i.group_names, i.owner, i.language, i.invited_by, i.created_at,
                    i.expires_at,
                    s.id AS seller_id, s.name AS seller_name
             FROM invitations i JOIN seller_accounts s ON s.id = i.seller_id ",
            $rest
        )
    };
}

/// The invitation of a link, as long as whoever invited is still an owner who may: a stolen owner's invitations end with
/// the theft.
macro_rules! good_invitation {
    () => {
        invitations!(
            "WHERE i.link_id = $1 AND i.expires_at > $2 AND (i.invited_by IS NULL OR EXISTS (
                 SELECT 1 FROM memberships m JOIN accounts a ON a.id = m.account_id
                 WHERE m.account_id = i.invited_by AND m.seller_id = i.seller_id AND m.owner = 1
                   AND a.disabled_at IS NULL AND a.frozen_at IS NULL))"
        )
    };
}

fn seller(row: &SqliteRow) -> Result<SellerAccount> {
    let cells = Cells::of(row, "seller_accounts", "seller_id")?;
    Ok(SellerAccount {
        id: cells.text("seller_id", SellerId::parse)?,
        name: cells.text("seller_name", |text| SellerName::parse(text).ok())?,
    })
}

fn membership(row: &SqliteRow) -> Result<Membership> {
    let cells = Cells::of(row, "memberships", "seller_id")?;
    Ok(Membership { seller: seller(row)?, owner: cells.count("owner")? == 1 })
}

fn invitation(row: &SqliteRow) -> Result<Invitation> {
    let cells = Cells::of(row, "invitations", "i_id")?;
    Ok(Invitation {
        id: cells.text("i_id", InvitationId::parse)?,
        seller: seller(row)?,
        email: cells.text("email", |text| EmailAddress::kept(text).ok())?,
        display_name: cells.optional_text("display_name", |text| Some(text.to_owned()))?,
        groups: cells.text("group_names", rows::groups)?,
        owner: cells.count("owner")? == 1,
        language: cells.text("language", Language::from_tag)?,
        created_at: cells.time("created_at")?,
        expires_at: cells.time("expires_at")?,
    })
}

/// Where a session began, as a digest.
pub(super) async fn note_network(db: &mut SqliteConnection, session: SessionId, network: &Digest) -> Result<()> {
    sqlx::query("INSERT INTO session_networks (session_id, network) VALUES ($1, $2)")
        .bind(session.to_string())
        .bind(network.as_bytes().as_slice())
        .execute(db)
        .await?;
    Ok(())
}

/// The minutes in which sessions were used, for as long as [`SHARED_WINDOW`](crate::session::SHARED_WINDOW). `rows` are
/// those of [`uses!`].
pub(super) async fn note_uses(db: &mut SqliteConnection, rows: &str) -> Result<()> {
    sqlx::query(concat!(
        "INSERT INTO browser_hours (account_id, session_id, hour, minutes, browser, network)
         SELECT s.account_id, s.id, used.hour, used.minute, s.browser, n.network
         FROM ",
        uses!(),
        " JOIN sessions s ON s.id = used.id LEFT JOIN session_networks n ON n.session_id = s.id WHERE true
         ON CONFLICT (account_id, hour, session_id) DO UPDATE SET minutes = minutes | excluded.minutes"
    ))
    .bind(rows)
    .execute(db)
    .await?;
    Ok(())
}

fn browser_hour(row: &SqliteRow) -> Result<BrowserHour> {
    let cells = Cells::of(row, "browser_hours", "session_id")?;
    Ok(BrowserHour {
        session: cells.text("session_id", SessionId::parse)?,
        hour: row.try_get("hour")?,
        minutes: row.try_get::<i64, _>("minutes")?.cast_unsigned(),
        browser: cells.text("browser", |text| Some(DeviceLabel::new(text)))?,
        network: cells.optional_digest("network")?,
    })
}

/// For the lists of owners: sessions go, this stays.
pub(super) async fn note_sign_in(db: &mut SqliteConnection, account: AccountId, at: Timestamp) -> Result<()> {
    sqlx::query(
        "INSERT INTO last_sign_ins (account_id, at) VALUES ($1, $2) ON CONFLICT (account_id) DO UPDATE SET at = $2",
    )
    .bind(account.to_string())
    .bind(at.as_millis())
    .execute(db)
    .await?;
    Ok(())
}

/// Stores a link, with the mail that carries it where there is one.
async fn order(db: &mut SqliteConnection, mail: Option<&OutboxItem>, link: &Link) -> Result<()> {
    match mail {
        Some(mail) => outbox::insert(db, mail).await,
        None => links::insert(db, link).await,
    }
}

/// The seller account this account owns, if the session it acts in has not ended and its credentials are the same.
async fn owned_by(db: &mut SqliteConnection, owner: &Acting) -> Result<Option<SellerId>> {
    if !settings::acts(db, owner).await? {
        return Ok(None);
    }
    let found = sqlx::query(
        "SELECT m.seller_id FROM memberships m JOIN accounts a ON a.id = m.account_id
         WHERE m.account_id = $1 AND m.owner = 1 AND a.frozen_at IS NULL",
    )
    .bind(owner.account.to_string())
    .fetch_optional(db)
    .await?;
    match found {
        None => Ok(None),
        Some(row) => Cells::of(&row, "memberships", "seller_id")?.text("seller_id", SellerId::parse).map(Some),
    }
}

async fn may_change(db: &mut SqliteConnection, by: &By, seller: SellerId) -> Result<bool> {
    match by {
        By::Operator => Ok(true),
        By::Owner(owner) => Ok(owned_by(db, owner).await? == Some(seller)),
    }
}

/// Takes back what this account offered to others.
pub(super) async fn withdraw_of(db: &mut SqliteConnection, inviter: AccountId) -> Result<()> {
    sqlx::query("DELETE FROM invitations WHERE invited_by = $1").bind(inviter.to_string()).execute(db).await?;
    Ok(())
}

/// People and invitations, but for the one of `except`, which is about to be replaced or used.
async fn places_taken(
    db: &mut SqliteConnection,
    seller: SellerId,
    except: Option<&EmailAddress>,
    now: Timestamp,
) -> Result<u32> {
    let row = sqlx::query(
        "SELECT $1 AS seller_id, (SELECT count(*) FROM memberships WHERE seller_id = $1)
           + (SELECT count(*) FROM invitations WHERE seller_id = $1 AND expires_at > $3 AND email IS NOT $2) AS taken",
    )
    .bind(seller.to_string())
    .bind(except.map(EmailAddress::as_str))
    .bind(now.as_millis())
    .fetch_one(db)
    .await?;
    Cells::of(&row, "memberships", "seller_id")?.count("taken")
}

async fn insert_membership(
    db: &mut SqliteConnection,
    account: AccountId,
    seller: SellerId,
    owner: bool,
    now: Timestamp,
) -> Result<()> {
    sqlx::query("INSERT INTO memberships (account_id, seller_id, owner, joined_at) VALUES ($1, $2, $3, $4)")
        .bind(account.to_string())
        .bind(seller.to_string())
        .bind(i64::from(owner))
        .bind(now.as_millis())
        .execute(db)
        .await?;
    Ok(())
}

async fn seller_by_name(db: &mut SqliteConnection, name: &SellerName) -> Result<Option<SellerAccount>> {
    sqlx::query("SELECT id AS seller_id, name AS seller_name FROM seller_accounts WHERE name = $1")
        .bind(name.as_str())
        .fetch_optional(db)
        .await?
        .as_ref()
        .map(seller)
        .transpose()
}

/// A member the owner may change: of the same seller account, and another account.
async fn managed(
    db: &mut SqliteConnection,
    owner: &Acting,
    member: AccountId,
) -> Result<Option<(Account, Membership)>> {
    let Some(seller) = owned_by(db, owner).await? else { return Ok(None) };
    let found = sqlx::query(concat!(
        "SELECT ",
        account_columns!(),
        ", m.owner, s.id AS seller_id, s.name AS seller_name
         FROM memberships m JOIN accounts a ON a.id = m.account_id JOIN seller_accounts s ON s.id = m.seller_id
         WHERE m.account_id = $1 AND m.seller_id = $2 AND m.account_id <> $3"
    ))
    .bind(member.to_string())
    .bind(seller.to_string())
    .bind(owner.account.to_string())
    .fetch_optional(db)
    .await?;
    found.map(|row| Ok((rows::account(&row)?, membership(&row)?))).transpose()
}

impl SqliteStore {
    pub(in crate::store) async fn browser_hours(&self, account: AccountId, since: i64) -> Result<Vec<BrowserHour>> {
        let found =
            sqlx::query("SELECT * FROM browser_hours WHERE account_id = $1 AND hour >= $2 ORDER BY hour LIMIT $3")
                .bind(account.to_string())
                .bind(since)
                .bind(MOST_HOURS)
                .fetch_all(&self.readers)
                .await?;
        found.iter().map(browser_hour).collect()
    }

    pub(in crate::store) async fn used_by_several(&self, since: i64) -> Result<Vec<AccountId>> {
        let found = sqlx::query(
            "SELECT account_id FROM browser_hours WHERE hour >= $1
             GROUP BY account_id HAVING count(DISTINCT session_id) > 1 ORDER BY account_id",
        )
        .bind(since)
        .fetch_all(&self.readers)
        .await?;
        found
            .iter()
            .map(|row| Cells::of(row, "browser_hours", "account_id")?.text("account_id", AccountId::parse))
            .collect()
    }

    pub(in crate::store) async fn create_member(
        &self,
        new: &NewMember,
    ) -> Result<std::result::Result<SellerAccount, NewMemberError>> {
        let now = new.new.account.created_at;
        let mut tx = self.write().await?;
        let found = seller_by_name(&mut tx, &new.seller).await?;
        let made = found.is_none();
        let seller = found.unwrap_or_else(|| SellerAccount { id: new.seller_id, name: new.seller.clone() });
        if made {
            sqlx::query("INSERT INTO seller_accounts (id, name, created_at) VALUES ($1, $2, $3)")
                .bind(seller.id.to_string())
                .bind(seller.name.as_str())
                .bind(now.as_millis())
                .execute(&mut *tx)
                .await?;
        }
        if let Err(taken) = accounts::insert(&mut tx, &new.new).await? {
            return Ok(Err(taken.into()));
        }
        if places_taken(&mut tx, seller.id, new.new.account.email.as_ref(), now).await? >= new.most {
            return Ok(Err(NewMemberError::Full));
        }
        insert_membership(&mut tx, new.new.account.id, seller.id, new.owner, now).await?;
        if let Some(email) = &new.new.account.email {
            // The person is there: what was mailed before leads nowhere any more.
            sqlx::query("DELETE FROM invitations WHERE seller_id = $1 AND email = $2")
                .bind(seller.id.to_string())
                .bind(email.as_str())
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await?;
        Ok(Ok(seller))
    }

    pub(in crate::store) async fn seller(&self, name: &SellerName) -> Result<Option<SellerAccount>> {
        let mut tx = self.read().await?;
        seller_by_name(&mut tx, name).await
    }

    pub(in crate::store) async fn membership(&self, account: AccountId) -> Result<Option<Membership>> {
        sqlx::query(
            "SELECT m.owner, s.id AS seller_id, s.name AS seller_name
             FROM memberships m JOIN seller_accounts s ON s.id = m.seller_id WHERE m.account_id = $1",
        )
        .bind(account.to_string())
        .fetch_optional(&self.readers)
        .await?
        .as_ref()
        .map(membership)
        .transpose()
    }

    pub(in crate::store) async fn memberships(&self) -> Result<Vec<(AccountId, Membership)>> {
        let found = sqlx::query(
            "SELECT m.account_id, m.owner, s.id AS seller_id, s.name AS seller_name
             FROM memberships m JOIN seller_accounts s ON s.id = m.seller_id",
        )
        .fetch_all(&self.readers)
        .await?;
        found
            .iter()
            .map(|row| {
                let account = Cells::of(row, "memberships", "account_id")?.text("account_id", AccountId::parse)?;
                Ok((account, membership(row)?))
            })
            .collect()
    }

    pub(in crate::store) async fn members(&self, seller: SellerId) -> Result<Vec<Member>> {
        let mut tx = self.read().await?;
        let found = sqlx::query(
            "SELECT m.account_id, m.owner, l.at AS last_sign_in
             FROM memberships m JOIN accounts a ON a.id = m.account_id LEFT JOIN last_sign_ins l ON l.account_id = a.id
             WHERE m.seller_id = $1 ORDER BY m.owner DESC, a.user_name",
        )
        .bind(seller.to_string())
        .fetch_all(&mut *tx)
        .await?;
        let mut members = Vec::with_capacity(found.len());
        for row in &found {
            let cells = Cells::of(row, "memberships", "account_id")?;
            let id = cells.text("account_id", AccountId::parse)?;
            let Some(summary) = self.summary_of(&mut tx, id).await? else { continue };
            let (owner, last_sign_in) = (cells.count("owner")? == 1, cells.optional_time("last_sign_in")?);
            members.push(Member { summary, owner, last_sign_in });
        }
        Ok(members)
    }

    pub(in crate::store) async fn invite(&self, new: &NewInvitation) -> Result<std::result::Result<(), InviteError>> {
        let offer = &new.invitation;
        let mut tx = self.write().await?;
        if !may_change(&mut tx, &new.by, offer.seller.id).await? {
            return Ok(Err(InviteError::NotOwner));
        }
        // Only the seller account's own people: whether anybody else has the address is nobody's business here.
        let member = sqlx::query(
            "SELECT a.id FROM memberships m JOIN accounts a ON a.id = m.account_id WHERE m.seller_id = $1 AND a.email = $2",
        )
        .bind(offer.seller.id.to_string())
        .bind(offer.email.as_str())
        .fetch_optional(&mut *tx)
        .await?;
        if member.is_some() {
            return Ok(Err(InviteError::AlreadyMember));
        }
        if places_taken(&mut tx, offer.seller.id, Some(&offer.email), offer.created_at).await? >= new.most {
            return Ok(Err(InviteError::Full));
        }
        sqlx::query("DELETE FROM invitations WHERE seller_id = $1 AND email = $2")
            .bind(offer.seller.id.to_string())
            .bind(offer.email.as_str())
            .execute(&mut *tx)
            .await?;
        sqlx::query(
            "INSERT INTO invitations (id, seller_id, email, display_name, group_names, owner, language, link_id,
                                      invited_by, created_at, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        )
        .bind(offer.id.to_string())
        .bind(offer.seller.id.to_string())
        .bind(offer.email.as_str())
        .bind(offer.display_name.as_deref())
        .bind(rows::group_names(&offer.groups))
        .bind(i64::from(offer.owner))
        .bind(offer.language.tag())
        .bind(new.link.id.to_string())
        .bind(new.by.owner().map(|owner| owner.to_string()))
        .bind(offer.created_at.as_millis())
        .bind(offer.expires_at.as_millis())
        .execute(&mut *tx)
        .await?;
        order(&mut tx, new.mail.as_ref(), &new.link).await?;
        self.commit(tx, new.mail.is_some()).await?;
        Ok(Ok(()))
    }

    pub(in crate::store) async fn invitations(&self, seller: SellerId) -> Result<Vec<Invitation>> {
        let found = sqlx::query(invitations!("WHERE i.seller_id = $1 ORDER BY i.created_at, i.id"))
            .bind(seller.to_string())
            .fetch_all(&self.readers)
            .await?;
        found.iter().map(invitation).collect()
    }

    pub(in crate::store) async fn invitation(&self, link: LinkId, now: Timestamp) -> Result<Option<Invitation>> {
        sqlx::query(good_invitation!())
            .bind(link.to_string())
            .bind(now.as_millis())
            .fetch_optional(&self.readers)
            .await?
            .as_ref()
            .map(invitation)
            .transpose()
    }

    pub(in crate::store) async fn renew_invitation(&self, renew: &RenewInvitation) -> Result<Option<Invitation>> {
        let mut tx = self.write().await?;
        let found =
            sqlx::query(invitations!("WHERE i.id = $1")).bind(renew.id.to_string()).fetch_optional(&mut *tx).await?;
        let Some(mut offer) = found.as_ref().map(invitation).transpose()? else { return Ok(None) };
        if !may_change(&mut tx, &renew.by, offer.seller.id).await? {
            return Ok(None);
        }
        sqlx::query(
            // Who sends an owner's invitation again answers for it from then on; an operator's stays the operator's.
            "UPDATE invitations SET link_id = $2, created_at = $3, expires_at = $4,
                 invited_by = CASE WHEN invited_by IS NULL THEN NULL ELSE coalesce($5, invited_by) END
             WHERE id = $1",
        )
        .bind(renew.id.to_string())
        .bind(renew.link.id.to_string())
        .bind(renew.now.as_millis())
        .bind(renew.link.expires_at.as_millis())
        .bind(renew.by.owner().map(|owner| owner.to_string()))
        .execute(&mut *tx)
        .await?;
        order(&mut tx, renew.mail.as_ref(), &renew.link).await?;
        self.commit(tx, renew.mail.is_some()).await?;
        (offer.created_at, offer.expires_at) = (renew.now, renew.link.expires_at);
        Ok(Some(offer))
    }

    pub(in crate::store) async fn withdraw_invitation(&self, id: InvitationId, by: By) -> Result<bool> {
        let mut tx = self.write().await?;
        let found = sqlx::query(invitations!("WHERE i.id = $1")).bind(id.to_string()).fetch_optional(&mut *tx).await?;
        let Some(offer) = found.as_ref().map(invitation).transpose()? else { return Ok(false) };
        if !may_change(&mut tx, &by, offer.seller.id).await? {
            return Ok(false);
        }
        sqlx::query("DELETE FROM invitations WHERE id = $1").bind(id.to_string()).execute(&mut *tx).await?;
        tx.commit().await?;
        Ok(true)
    }

    pub(in crate::store) async fn accept_invitation(
        &self,
        accept: &AcceptInvitation,
    ) -> Result<std::result::Result<(Account, SellerAccount), AcceptError>> {
        let mut tx = self.write().await?;
        // Dropped without a commit, the transaction leaves link and invitation as they were.
        if links::take(&mut tx, accept.link, LinkPurpose::Invitation, accept.now).await?.is_none() {
            return Ok(Err(AcceptError::Gone));
        }
        let found = sqlx::query(good_invitation!())
            .bind(accept.link.to_string())
            .bind(accept.now.as_millis())
            .fetch_optional(&mut *tx)
            .await?;
        let Some(row) = found else { return Ok(Err(AcceptError::Gone)) };
        let mut offer = invitation(&row)?;
        let inviter = Cells::of(&row, "invitations", "i_id")?.optional_text("invited_by", AccountId::parse)?;
        if inviter.is_some() {
            offer.groups.retain(|group| accept.grantable.contains(group));
        }
        let mut new = accept.new.clone();
        new.account.email = Some(offer.email);
        new.account.groups = offer.groups;
        sqlx::query("DELETE FROM invitations WHERE id = $1").bind(offer.id.to_string()).execute(&mut *tx).await?;
        if let Err(taken) = accounts::insert(&mut tx, &new).await? {
            return Ok(Err(taken.into()));
        }
        insert_membership(&mut tx, new.account.id, offer.seller.id, offer.owner, accept.now).await?;
        if let Some(link) = &accept.opens {
            links::insert(&mut tx, link).await?;
        }
        tx.commit().await?;
        Ok(Ok((new.account, offer.seller)))
    }

    pub(in crate::store) async fn change_groups(&self, change: &ChangeGroups) -> Result<Option<ChangedGroups>> {
        let mut tx = self.write().await?;
        let Some((mut account, _)) = managed(&mut tx, &change.owner, change.member).await? else { return Ok(None) };
        let mut ended = EndedTrust::default();
        let groups: Vec<Group> = regrant(&account.groups, &change.grantable, &change.chosen);
        let changed = groups != account.groups;
        if changed {
            sqlx::query("UPDATE accounts SET group_names = $2 WHERE id = $1")
                .bind(account.id.to_string())
                .bind(rows::group_names(&groups))
                .execute(&mut *tx)
                .await?;
            let both = [account.groups.as_slice(), &groups];
            ended = sessions::end_trust_of_groups(&mut tx, account.id, both, &change.untrusting).await?;
            account.groups = groups;
            for notice in &change.notices {
                outbox::insert(&mut tx, notice).await?;
            }
        }
        let sessions = sessions::of_account(&mut tx, account.id).await?;
        self.commit(tx, changed && !change.notices.is_empty()).await?;
        Ok(Some(ChangedGroups { account, changed, ended, sessions }))
    }

    pub(in crate::store) async fn remove_member(&self, remove: &RemoveMember) -> Result<Option<Vec<EndedSession>>> {
        let mut tx = self.write().await?;
        let Some((account, membership)) = managed(&mut tx, &remove.owner, remove.member).await? else {
            return Ok(None);
        };
        if membership.owner {
            return Ok(None);
        }
        let ended = sessions::delete_of_account(&mut tx, account.id).await?;
        sqlx::query("DELETE FROM accounts WHERE id = $1").bind(account.id.to_string()).execute(&mut *tx).await?;
        for notice in &remove.notices {
            outbox::insert(&mut tx, notice).await?;
        }
        self.commit(tx, !remove.notices.is_empty()).await?;
        Ok(Some(ended))
    }
}
