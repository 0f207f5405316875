//! Seller accounts and their people: who belongs to whom, who is invited, what an owner changes. Every change by an owner
//! checks in its own transaction that the owner is one, in a session that has not ended, and that the other account is of
//! the same seller account.

use super::{
    AccountSummary, Acting, EndedSession, EndedTrust, Link, LinkId, NewAccount, NewAccountError, OutboxItem, Result,
    Store,
};
use crate::{
    account::{Account, AccountId, EmailAddress, Group, Membership, SellerAccount, SellerId, SellerName},
    clock::Timestamp,
    language::Language,
    random_id,
    session::BrowserHour,
};

random_id!(
    /// Names one invitation in forms and lists; it is not the mailed link and opens nothing.
    InvitationId
);

/// An account that is made as a member of a seller account.
#[derive(Clone, Debug)]
pub struct NewMember {
    /// The account.
    pub new: NewAccount,
    /// Name of its seller account, which is made where there is none.
    pub seller: SellerName,
    /// Identifier of the seller account if it is made.
    pub seller_id: SellerId,
    /// May it manage the others?
    pub owner: bool,
    /// At most this many people a seller account, invitations included.
    pub most: u32,
}

/// Why an account was not made as a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NewMemberError {
    /// A name is taken.
    #[error(transparent)]
    Taken(#[from] NewAccountError),
    /// The seller account has as many people as it may have.
    #[error("the seller account has as many people as it may have")]
    Full,
}

/// One person of a seller account.
#[derive(Clone, Debug)]
pub struct Member {
    /// The account and its methods.
    pub summary: AccountSummary,
    /// May it manage the others?
    pub owner: bool,
    /// When it last signed in.
    pub last_sign_in: Option<Timestamp>,
}

/// Somebody who was invited and has not chosen a user name yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// Its name.
    pub id: InvitationId,
    /// To which seller account.
    pub seller: SellerAccount,
    /// Where the link went; the account will have this address.
    pub email: EmailAddress,
    /// What the console may show.
    pub display_name: Option<String>,
    /// The groups the account will have.
    pub groups: Vec<Group>,
    /// May it manage the others?
    pub owner: bool,
    /// Of the mail.
    pub language: Language,
    /// When the newest link was made.
    pub created_at: Timestamp,
    /// The link is not good from then on.
    pub expires_at: Timestamp,
}

/// On whose word a seller account changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// Whoever runs the service.
    Operator,
    /// An owner of that very seller account, inside a session; both are checked in the transaction.
    Owner(Acting),
}

impl By {
    /// The owner, when it is one.
    pub const fn owner(self) -> Option<AccountId> {
        match self {
            Self::Operator => None,
            Self::Owner(acting) => Some(acting.account),
        }
    }
}

/// An invitation to store, with its mail.
#[derive(Clone, Debug)]
pub struct NewInvitation {
    /// What is offered to whom.
    pub invitation: Invitation,
    /// The link.
    pub link: Link,
    /// Who invites.
    pub by: By,
    /// At most this many people a seller account, invitations included.
    pub most: u32,
    /// The mail with the link.
    pub mail: Option<OutboxItem>,
}

/// Why nobody was invited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InviteError {
    /// Whoever invites is not an owner of that seller account (any more).
    #[error("not an owner of that seller account")]
    NotOwner,
    /// One of its own people has that address.
    #[error("one of its people has that e-mail address already")]
    AlreadyMember,
    /// The seller account has as many people as it may have.
    #[error("the seller account has as many people as it may have")]
    Full,
}

/// A new link for an invitation that is there.
#[derive(Clone, Debug)]
pub struct RenewInvitation {
    /// Which.
    pub id: InvitationId,
    /// Who sends it again.
    pub by: By,
    /// The new link; the earlier one is void.
    pub link: Link,
    /// The mail with it.
    pub mail: Option<OutboxItem>,
    /// The time.
    pub now: Timestamp,
}

/// An invited person has chosen a user name and a password. Address, groups and rights are those of the invitation,
/// whatever the account says; the owner who invited must still be one who signs in.
#[derive(Clone, Debug)]
pub struct AcceptInvitation {
    /// The link.
    pub link: LinkId,
    /// The account to make.
    pub new: NewAccount,
    /// The link that opens the first enrolment of the account: whoever took up a mailed invitation has shown that the mail
    /// arrives.
    pub opens: Option<Link>,
    /// What owners may give now: what one offered beyond it is not given.
    pub grantable: Vec<Group>,
    /// The time.
    pub now: Timestamp,
}

/// Why an invitation was not taken up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AcceptError {
    /// It was withdrawn, replaced, used, is too old, or whoever invited is no owner any more.
    #[error("the invitation is over")]
    Gone,
    /// A name is taken.
    #[error(transparent)]
    Taken(#[from] NewAccountError),
}

/// An owner chooses among the grantable groups for one member.
#[derive(Clone, Debug)]
pub struct ChangeGroups {
    /// Who chooses.
    pub owner: Acting,
    /// For whom.
    pub member: AccountId,
    /// What the operator lets owners give and take.
    pub grantable: Vec<Group>,
    /// Those the member is to have.
    pub chosen: Vec<Group>,
    /// Whose members trust no browser; whoever is, or was, in one loses what trust there is with the change.
    pub untrusting: Vec<Group>,
    /// Who is told if anything changes.
    pub notices: Vec<OutboxItem>,
}

/// What an owner's choice did.
#[derive(Clone, Debug)]
pub struct ChangedGroups {
    /// The account as it is now.
    pub account: Account,
    /// Did anything change?
    pub changed: bool,
    /// The trust its groups, before or now, do not allow.
    pub ended: EndedTrust,
    /// Its sessions: they go on, but whoever keeps them in memory has to read them again.
    pub sessions: Vec<EndedSession>,
}

/// An owner removes a member: the account is deleted with all that is its own.
#[derive(Clone, Debug)]
pub struct RemoveMember {
    /// Who removes.
    pub owner: Acting,
    /// Whom.
    pub member: AccountId,
    /// The notices to the removed person, carried by the owner's account: the other one is gone.
    pub notices: Vec<OutboxItem>,
}

impl Store {
    /// In which minutes the browsers of an account were in use, from that hour on; see
    /// [`Sharing`](crate::session::Sharing).
    pub async fn browser_hours(&self, account: AccountId, since: i64) -> Result<Vec<BrowserHour>> {
        match self {
            Self::Sqlite(s) => s.browser_hours(account, since).await,
        }
    }

    /// Accounts with more than one browser since that hour: those worth judging.
    pub async fn used_by_several(&self, since: i64) -> Result<Vec<AccountId>> {
        match self {
            Self::Sqlite(s) => s.used_by_several(since).await,
        }
    }

    /// Makes an account as a member; both or neither.
    pub async fn create_member(&self, new: &NewMember) -> Result<std::result::Result<SellerAccount, NewMemberError>> {
        match self {
            Self::Sqlite(s) => s.create_member(new).await,
        }
    }

    /// The seller account of that name.
    pub async fn seller(&self, name: &SellerName) -> Result<Option<SellerAccount>> {
        match self {
            Self::Sqlite(s) => s.seller(name).await,
        }
    }

    /// Whose people an account belongs to.
    pub async fn membership(&self, account: AccountId) -> Result<Option<Membership>> {
        match self {
            Self::Sqlite(s) => s.membership(account).await,
        }
    }

    /// Every account that belongs to a seller account, with it.
    pub async fn memberships(&self) -> Result<Vec<(AccountId, Membership)>> {
        match self {
            Self::Sqlite(s) => s.memberships().await,
        }
    }

    /// The people of a seller account: owners first, then by user name.
    pub async fn members(&self, seller: SellerId) -> Result<Vec<Member>> {
        match self {
            Self::Sqlite(s) => s.members(seller).await,
        }
    }

    /// Invites somebody, or invites them anew with what is offered now.
    pub async fn invite(&self, new: &NewInvitation) -> Result<std::result::Result<(), InviteError>> {
        match self {
            Self::Sqlite(s) => s.invite(new).await,
        }
    }

    /// Invitations of a seller account that nobody took up, those too old included until they are purged.
    pub async fn invitations(&self, seller: SellerId) -> Result<Vec<Invitation>> {
        match self {
            Self::Sqlite(s) => s.invitations(seller).await,
        }
    }

    /// The invitation of a link, while it is good and whoever invited may still invite.
    pub async fn invitation(&self, link: LinkId, now: Timestamp) -> Result<Option<Invitation>> {
        match self {
            Self::Sqlite(s) => s.invitation(link, now).await,
        }
    }

    /// Replaces the link of an invitation; `None` when there is none such for whoever asks.
    pub async fn renew_invitation(&self, renew: &RenewInvitation) -> Result<Option<Invitation>> {
        match self {
            Self::Sqlite(s) => s.renew_invitation(renew).await,
        }
    }

    /// Takes an invitation back; `false` when there is none such for whoever asks.
    pub async fn withdraw_invitation(&self, id: InvitationId, by: By) -> Result<bool> {
        match self {
            Self::Sqlite(s) => s.withdraw_invitation(id, by).await,
        }
    }

    /// Uses an invitation up and makes its account; both or neither, and once.
    pub async fn accept_invitation(
        &self,
        accept: &AcceptInvitation,
    ) -> Result<std::result::Result<(Account, SellerAccount), AcceptError>> {
        match self {
            Self::Sqlite(s) => s.accept_invitation(accept).await,
        }
    }

    /// Sets the grantable groups of a member; `None` when the member is not the owner's to manage.
    pub async fn change_groups(&self, change: &ChangeGroups) -> Result<Option<ChangedGroups>> {
        match self {
            Self::Sqlite(s) => s.change_groups(change).await,
        }
    }

    /// Deletes a member and ends its sessions; `None` when it is not the owner's to remove: an owner removes neither
    /// itself nor another owner nor anybody else's people.
    pub async fn remove_member(&self, remove: &RemoveMember) -> Result<Option<Vec<EndedSession>>> {
        match self {
            Self::Sqlite(s) => s.remove_member(remove).await,
        }
    }
}
