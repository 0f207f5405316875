//! The people of a seller account: what its owner sees and changes, how somebody is invited, and how the invited person
//! makes a sign-in of their own. The store checks in each transaction that the owner is one; the pages ask for a fresh
//! code before anything changes.

use std::time::Duration;

use super::{
    App, Browser, Result,
    administration::{Answer, NewPerson, Refused},
    notices::both,
};
use crate::{
    account::{
        Account, AccountId, CredentialVersion, EmailAddress, Group, Membership, SellerAccount, SellerId, SellerName,
        UserName,
    },
    audit::{Event, Origin},
    authn::PasswordProblem,
    clock::Timestamp,
    keyring::CookieToken,
    language::Language,
    secret::{ExposeSecret as _, SecretString},
    session::{SHARED_WINDOW, SecondStep, Sharing, hour_and_minute},
    store::{
        AcceptError, AcceptInvitation, AccountSummary, Acting, By, ChangeGroups, Invitation, InvitationId, InviteError,
        Link, LinkPurpose, Member, NewAccount, NewAccountError, NewInvitation, NewMember, Notice, OutboxContent,
        OutboxId, OutboxItem, RateLimit, RateSpend, Recipient, RemoveMember, RenewInvitation,
    },
};

/// What the users page shows.
#[derive(Clone, Debug)]
pub struct UsersView {
    /// The seller account.
    pub seller: SellerAccount,
    /// The owner who looks.
    pub me: AccountId,
    /// Its people.
    pub members: Vec<Member>,
    /// Those whose sign-in looks shared.
    pub shared: Vec<AccountId>,
    /// Those who are invited.
    pub invitations: Vec<Invitation>,
    /// What an owner may give and take.
    pub grantable: Vec<Group>,
    /// Can invitations be mailed?
    pub mail: bool,
    /// At most this many people, invitations included.
    pub most: u32,
}

/// Who looks at the users page.
#[derive(Clone, Debug)]
pub enum UsersAccess {
    /// Nobody is signed in.
    NoSession,
    /// Somebody who has not enrolled yet.
    Unenrolled,
    /// Not an owner.
    NotOwner,
    /// An owner.
    Owner(Box<UsersView>),
}

/// An invitation as its owner typed it.
#[derive(Clone, Copy, Debug)]
pub struct InviteForm<'a> {
    /// E-mail address.
    pub email: &'a str,
    /// What the console may show; may be empty.
    pub display_name: &'a str,
    /// Names of groups.
    pub groups: &'a [String],
    /// The language of the mail.
    pub language: Language,
}

/// Why nobody was invited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InviteProblem {
    /// Not an e-mail address.
    Address,
    /// Longer than 100 characters, or more than one line.
    DisplayName,
    /// Invitations cannot be mailed here.
    NoMail,
    /// One of the seller account's own people has the address.
    AlreadyMember,
    /// The seller account is full.
    Full,
    /// The owner has sent as many invitations as may be sent in a day; more from then on.
    TooManySent(Timestamp),
    /// The address was mailed as often as it may be in an hour; again from then on.
    MailedOften(Timestamp),
    /// Whoever asked is no owner (any more), or what was meant is gone.
    NotYours,
}

/// The outer result is the gateway's, the inner one the owner's.
pub type OwnerAnswer<T> = Result<std::result::Result<T, InviteProblem>>;

/// What taking up an invitation led to.
#[derive(Debug)]
pub enum AcceptOutcome {
    /// The account is made; its owner signs in next.
    Made {
        /// Its user name.
        user_name: UserName,
        /// For this browser alone: the token of a link that opens the first enrolment.
        opens: Option<CookieToken>,
    },
    /// Not taken.
    Refused(AcceptProblem),
    /// The invitation was withdrawn, replaced, used or is too old.
    Gone,
}

/// Why a user name or a password was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum AcceptProblem {
    /// Letters and digits, at most 64.
    Name,
    /// Somebody has it.
    NameTaken,
    /// The address opens another account already.
    EmailTaken,
    /// The two passwords differ.
    Differ,
    /// The password.
    Password(PasswordProblem),
    /// Too many tries with this link; from then on again.
    TooMany(Timestamp),
}

/// An invitation an operator made.
#[derive(Debug)]
pub struct OperatorInvitation {
    /// To whom.
    pub email: EmailAddress,
    /// Until when the link works.
    pub expires_at: Timestamp,
    /// The address to hand over; `None` where it was mailed.
    pub address: Option<SecretString>,
}

/// Owners are asked for a separate sign-in at most this often.
const ASK_AGAIN: Duration = Duration::from_hours(24);
/// After taking up an invitation the first enrolment may begin in the same browser for this long.
const OPENS_FOR: Duration = Duration::from_mins(30);
/// Tries at a user name and a password within a day, by whoever a seller account invites at one address.
const ACCEPT_TRIES: u32 = 20;
/// Invitations an owner may mail within a day.
const INVITATIONS_A_DAY: u32 = 20;
/// Invitations one address may be mailed within an hour, whoever sends them.
const INVITATIONS_AN_HOUR: u32 = 3;

fn display_name(typed: &str) -> std::result::Result<Option<String>, InviteProblem> {
    match typed.trim() {
        "" => Ok(None),
        name if name.chars().count() > 100 || name.chars().any(char::is_control) => Err(InviteProblem::DisplayName),
        name => Ok(Some(name.to_owned())),
    }
}

/// Who acts on the users page.
struct Owner {
    account: Account,
    acting: Acting,
    seller: SellerAccount,
}

impl App {
    /// What owners may give and take.
    pub fn grantable(&self) -> Vec<Group> {
        self.snapshot().grantable.clone()
    }

    /// The seller account of an account.
    pub async fn membership(&self, account: AccountId) -> Result<Option<Membership>> {
        Ok(self.store().membership(account).await?)
    }

    /// The seller account of who is signed in on this browser.
    pub async fn own_membership(&self, browser: &Browser<'_>) -> Result<Option<Membership>> {
        match self.session(browser).await? {
            Some(session) => Ok(self.store().membership(session.account.id).await?),
            None => Ok(None),
        }
    }

    /// Does a sign-in look as if several people use it?
    pub async fn sharing(&self, account: AccountId) -> Result<Sharing> {
        let now = self.now();
        let (since, _) = hour_and_minute(now - SHARED_WINDOW);
        Ok(Sharing::of(&self.store().browser_hours(account, since).await?, now))
    }

    /// Every account that looks so, by user name.
    pub async fn shared_accounts(&self) -> Result<Vec<(AccountSummary, Sharing)>> {
        let (since, _) = hour_and_minute(self.now() - SHARED_WINDOW);
        let mut found = Vec::new();
        for id in self.store().used_by_several(since).await? {
            let sharing = self.sharing(id).await?;
            if sharing.looks_shared()
                && let Some(summary) = self.store().account(id).await?
            {
                found.push((summary, sharing));
            }
        }
        found.sort_by(|a, b| a.0.account.user_name.cmp(&b.0.account.user_name));
        Ok(found)
    }

    /// Somebody who shares a sign-in asks the owners of the seller account for one of their own. `Some(false)`: they
    /// were asked within the last day; `None`: there is nobody to ask, or no mail to ask by.
    pub async fn ask_for_own_sign_in(&self, browser: &Browser<'_>) -> Result<Option<bool>> {
        let Some(session) = self.session(browser).await? else { return Ok(None) };
        let account = session.account;
        let Some(Membership { seller, owner: false }) = self.store().membership(account.id).await? else {
            return Ok(None);
        };
        if self.snapshot().config.mail.is_none() || !self.sharing(account.id).await?.looks_shared() {
            return Ok(None);
        }
        let members = self.store().members(seller.id).await?;
        let owners = members.into_iter().filter(|member| member.owner).map(|member| member.summary.account);
        let reachable: Vec<(Account, EmailAddress)> =
            owners.filter_map(|owner| owner.email.clone().map(|email| (owner, email))).collect();
        if reachable.is_empty() {
            return Ok(None);
        }
        let now = self.now();
        let key = self.throttle_key(&[b"own sign-in", account.id.as_bytes()])?;
        let limit = RateLimit { key, limit: 1, window: ASK_AGAIN };
        if !matches!(self.store().spend_rate(limit, now).await?, RateSpend::Granted) {
            return Ok(Some(false));
        }
        for (owner, email) in reachable {
            let notice = Notice::OwnSignInWanted { user: account.user_name.to_string() };
            let mail = OutboxItem {
                id: OutboxId::random(&**self.entropy()),
                account: owner.id,
                to: Recipient::Mail(email),
                language: owner.language,
                content: OutboxContent::Notice { notice },
                created_at: now,
                expires_at: now + ASK_AGAIN,
                link: None,
            };
            self.store().enqueue(&mail).await?;
        }
        Ok(Some(true))
    }

    /// The users page.
    pub async fn users(&self, browser: &Browser<'_>) -> Result<UsersAccess> {
        let Some(session) = self.session(browser).await? else { return Ok(UsersAccess::NoSession) };
        if session.second_step == SecondStep::Waived {
            return Ok(UsersAccess::Unenrolled);
        }
        let me = session.account.id;
        let Some(Membership { seller, owner: true }) = self.store().membership(me).await? else {
            return Ok(UsersAccess::NotOwner);
        };
        let snapshot = self.snapshot();
        let members = self.store().members(seller.id).await?;
        let mut shared = Vec::new();
        for member in &members {
            let id = member.summary.account.id;
            if self.sharing(id).await?.looks_shared() {
                shared.push(id);
            }
        }
        Ok(UsersAccess::Owner(Box::new(UsersView {
            me,
            members,
            shared,
            invitations: self.store().invitations(seller.id).await?,
            grantable: snapshot.grantable.clone(),
            mail: snapshot.config.mail.is_some(),
            most: snapshot.config.users.per_seller,
            seller,
        })))
    }

    /// The owner who is signed in on this browser, with the seller account. The caller has asked for a fresh code.
    async fn owner(&self, browser: &Browser<'_>) -> Result<Option<Owner>> {
        let Some(session) = self.stored_session(browser).await? else { return Ok(None) };
        let Some(summary) = self.store().account(session.account()).await? else { return Ok(None) };
        match self.store().membership(session.account()).await? {
            Some(Membership { seller, owner: true }) => {
                Ok(Some(Owner { account: summary.account, acting: Acting::of(&session), seller }))
            }
            Some(_) | None => Ok(None),
        }
    }

    fn invitation_link(&self, id: InvitationId, now: Timestamp) -> Link {
        let lasts = self.snapshot().config.users.invitation;
        self.mailed_link(None, LinkPurpose::Invitation, Some(id.to_string()), lasts, now)
    }

    /// The mail with the link; `carrier` is an account the outbox may hang it on: the invited person has none yet.
    fn invitation_mail(&self, carrier: AccountId, offer: &Invitation, link: &Link) -> OutboxItem {
        OutboxItem {
            id: OutboxId::random(&**self.entropy()),
            account: carrier,
            to: Recipient::Mail(offer.email.clone()),
            language: offer.language,
            content: OutboxContent::Link,
            created_at: link.created_at,
            expires_at: link.expires_at,
            link: Some(link.clone()),
        }
    }

    /// An owner invites somebody; only grantable groups are offered.
    pub async fn invite(&self, browser: &Browser<'_>, form: InviteForm<'_>) -> OwnerAnswer<EmailAddress> {
        let Some(Owner { account: owner, acting, seller }) = self.owner(browser).await? else {
            return Ok(Err(InviteProblem::NotYours));
        };
        let snapshot = self.snapshot();
        if snapshot.config.mail.is_none() {
            return Ok(Err(InviteProblem::NoMail));
        }
        let Ok(email) = EmailAddress::parse(form.email) else { return Ok(Err(InviteProblem::Address)) };
        let display_name = match display_name(form.display_name) {
            Ok(name) => name,
            Err(problem) => return Ok(Err(problem)),
        };
        let groups = snapshot.grantable.iter().filter(|group| form.groups.iter().any(|name| name == group.as_str()));
        let now = self.now();
        let id = InvitationId::random(&**self.entropy());
        let link = self.invitation_link(id, now);
        let invitation = Invitation {
            id,
            seller,
            email: email.clone(),
            display_name,
            groups: groups.cloned().collect(),
            owner: false,
            language: form.language,
            created_at: now,
            expires_at: link.expires_at,
        };
        if let Some(problem) = self.spend_invitation(owner.id, &email, now).await? {
            return Ok(Err(problem));
        }
        let mail = Some(self.invitation_mail(owner.id, &invitation, &link));
        let (by, most) = (By::Owner(acting), snapshot.config.users.per_seller);
        let new = NewInvitation { invitation, link, by, most, mail };
        Ok(match self.store().invite(&new).await? {
            Ok(()) => {
                let (owner, id) = (owner.id.to_string(), id.to_string());
                Event::UserInvited { by: Some(&owner), invitation: &id }.record(Origin::Client(browser.address));
                Ok(email)
            }
            Err(InviteError::NotOwner) => Err(InviteProblem::NotYours),
            Err(InviteError::AlreadyMember) => Err(InviteProblem::AlreadyMember),
            Err(InviteError::Full) => Err(InviteProblem::Full),
        })
    }

    /// Pays for one mail to this address; a stolen owner must not make a mailbox overflow, nor many of them.
    async fn spend_invitation(
        &self,
        owner: AccountId,
        email: &EmailAddress,
        now: Timestamp,
    ) -> Result<Option<InviteProblem>> {
        let key = self.throttle_key(&[b"invited", email.as_str().as_bytes()])?;
        let to = RateLimit { key, limit: INVITATIONS_AN_HOUR, window: Duration::from_hours(1) };
        if let RateSpend::Wait(until) = self.store().spend_rate(to, now).await? {
            return Ok(Some(InviteProblem::MailedOften(until)));
        }
        let key = self.throttle_key(&[b"invites", owner.as_bytes()])?;
        let by = RateLimit { key, limit: INVITATIONS_A_DAY, window: Duration::from_hours(24) };
        if let RateSpend::Wait(until) = self.store().spend_rate(by, now).await? {
            self.store().refund_rate(to.key, now).await?;
            return Ok(Some(InviteProblem::TooManySent(until)));
        }
        Ok(None)
    }

    /// Mails a new link; the earlier one is void.
    pub async fn send_invitation_again(&self, browser: &Browser<'_>, id: InvitationId) -> OwnerAnswer<EmailAddress> {
        let Some(Owner { account: owner, acting, seller }) = self.owner(browser).await? else {
            return Ok(Err(InviteProblem::NotYours));
        };
        if self.snapshot().config.mail.is_none() {
            return Ok(Err(InviteProblem::NoMail));
        }
        let offers = self.store().invitations(seller.id).await?;
        let Some(offer) = offers.into_iter().find(|offer| offer.id == id) else {
            return Ok(Err(InviteProblem::NotYours));
        };
        let now = self.now();
        if let Some(problem) = self.spend_invitation(owner.id, &offer.email, now).await? {
            return Ok(Err(problem));
        }
        let link = self.invitation_link(id, now);
        let mail = Some(self.invitation_mail(owner.id, &offer, &link));
        let renew = RenewInvitation { id, by: By::Owner(acting), link, mail, now };
        Ok(match self.store().renew_invitation(&renew).await? {
            Some(offer) => {
                let (owner, id) = (owner.id.to_string(), id.to_string());
                Event::UserInvited { by: Some(&owner), invitation: &id }.record(Origin::Client(browser.address));
                Ok(offer.email)
            }
            None => Err(InviteProblem::NotYours),
        })
    }

    /// Takes an invitation back.
    pub async fn withdraw_invitation(&self, browser: &Browser<'_>, id: InvitationId) -> OwnerAnswer<()> {
        let Some(Owner { account: owner, acting, .. }) = self.owner(browser).await? else {
            return Ok(Err(InviteProblem::NotYours));
        };
        if !self.store().withdraw_invitation(id, By::Owner(acting)).await? {
            return Ok(Err(InviteProblem::NotYours));
        }
        let (owner, id) = (owner.id.to_string(), id.to_string());
        Event::InvitationWithdrawn { by: &owner, invitation: &id }.record(Origin::Client(browser.address));
        Ok(Ok(()))
    }

    /// Sets the grantable groups of a member. Its sessions go on with the new ones at their next request.
    pub async fn change_groups(
        &self,
        browser: &Browser<'_>,
        member: AccountId,
        chosen: &[String],
    ) -> OwnerAnswer<Account> {
        let Some(Owner { account: owner, acting, .. }) = self.owner(browser).await? else {
            return Ok(Err(InviteProblem::NotYours));
        };
        let grantable = self.grantable();
        let chosen =
            grantable.iter().filter(|group| chosen.iter().any(|name| name == group.as_str())).cloned().collect();
        let chosen: Vec<Group> = chosen;
        let told = Notice::GroupsChanged { groups: chosen.iter().map(ToString::to_string).collect() };
        let notices = self.member_news(member, None, &told).await?;
        let untrusting = self.snapshot().untrusting.clone();
        let change = ChangeGroups { owner: acting, member, grantable, chosen, untrusting, notices };
        let Some(done) = self.store().change_groups(&change).await? else { return Ok(Err(InviteProblem::NotYours)) };
        if done.changed {
            self.trust_ended(member, &done.ended, Origin::Client(browser.address)).await;
            self.live.reread(&done.sessions).await;
            let groups = done.account.groups.iter().map(Group::as_str).collect::<Vec<_>>().join(",");
            let (owner, member) = (owner.id.to_string(), member.to_string());
            Event::GroupsChanged { by: &owner, account: &member, groups: &groups }
                .record(Origin::Client(browser.address));
        }
        Ok(Ok(done.account))
    }

    /// What a member is told of what an owner did; by mail, and where none can be sent by text. An account that is about
    /// to be gone carries nothing: `carrier` does.
    async fn member_news(
        &self,
        member: AccountId,
        carrier: Option<AccountId>,
        notice: &Notice,
    ) -> Result<Vec<OutboxItem>> {
        let Some(summary) = self.store().account(member).await? else { return Ok(Vec::new()) };
        let mut messages = self.mail_or_text(&summary.account, &both(summary.pair.as_ref()), notice, self.now());
        for message in &mut messages {
            message.account = carrier.unwrap_or(message.account);
        }
        Ok(messages)
    }

    /// Deletes a member's account; its sessions and devices end with it.
    pub async fn remove_user(&self, browser: &Browser<'_>, member: AccountId) -> OwnerAnswer<()> {
        let Some(Owner { account: owner, acting, .. }) = self.owner(browser).await? else {
            return Ok(Err(InviteProblem::NotYours));
        };
        let user = self.store().account(member).await?.map(|summary| summary.account.user_name.to_string());
        let told = Notice::Removed { user: user.unwrap_or_default() };
        let notices = self.member_news(member, Some(owner.id), &told).await?;
        let remove = RemoveMember { owner: acting, member, notices };
        let Some(ended) = self.store().remove_member(&remove).await? else { return Ok(Err(InviteProblem::NotYours)) };
        self.live.forget(&ended).await;
        let (by, account, origin) = (owner.id.to_string(), member.to_string(), Origin::Client(browser.address));
        for gone in &ended {
            let session = gone.id.to_string();
            Event::SessionEnded { account: &account, session: &session, reason: "removed" }.record(origin);
        }
        Event::UserRemoved { by: &by, account: &account }.record(origin);
        Ok(Ok(()))
    }

    /// The invitation of a mailed link, while it is good.
    pub async fn invitation(&self, token: &str) -> Result<Option<Invitation>> {
        let now = self.now();
        match self.open_link(token).await? {
            Some(opened) if opened.link.purpose == LinkPurpose::Invitation => {
                Ok(self.store().invitation(opened.link.id, now).await?)
            }
            Some(_) | None => Ok(None),
        }
    }

    /// The invited person chooses a user name and a password, which meets the rules of every other one.
    pub async fn accept_invitation(
        &self,
        browser: &Browser<'_>,
        token: &str,
        user_name: &str,
        passwords: [SecretString; 2],
    ) -> Result<AcceptOutcome> {
        let (now, refuse) = (self.now(), |problem| Ok(AcceptOutcome::Refused(problem)));
        let Some(offer) = self.invitation(token).await? else { return Ok(AcceptOutcome::Gone) };
        // Taken user names can be told apart here: not without end, however often the same person is invited.
        if let RateSpend::Wait(until) = self.spend_accept_try(&offer, now).await? {
            return refuse(AcceptProblem::TooMany(until));
        }
        let Ok(user_name) = UserName::parse(user_name) else { return refuse(AcceptProblem::Name) };
        let [typed, repeated] = passwords;
        if typed.expose_secret() != repeated.expose_secret() {
            return refuse(AcceptProblem::Differ);
        }
        let password = match self.choose_password(typed.expose_secret(), &user_name, Some(&offer.email)) {
            Ok(password) => password,
            Err(problem) => return refuse(AcceptProblem::Password(problem)),
        };
        let Some(opened) = self.open_link(token).await? else { return Ok(AcceptOutcome::Gone) };
        let account = Account {
            id: AccountId::random(&**self.entropy()),
            user_name: user_name.clone(),
            email: Some(offer.email),
            display_name: offer.display_name,
            groups: offer.groups,
            language: browser.language,
            disabled: false,
            credential_version: CredentialVersion(1),
            created_at: now,
        };
        // The invitation came by mail: another mail would show nothing more. In any other browser one is still needed.
        let opens = self
            .needs_link(&account)
            .then(|| self.mailed_link(Some(&account), LinkPurpose::FirstEnrolment, None, OPENS_FOR, now));
        let token = match &opens {
            Some(link) => Some(self.keyring().link_token(link.key, link.id.as_bytes()).ok_or(super::AppError::Key)?),
            None => None,
        };
        let new = NewAccount { account, hash: self.hash(password).await? };
        let accept = AcceptInvitation { link: opened.link.id, new, opens, grantable: self.grantable(), now };
        match self.store().accept_invitation(&accept).await? {
            Ok((account, _)) => {
                let account = account.id.to_string();
                Event::InvitationAccepted { account: &account }.record(Origin::Client(browser.address));
                Ok(AcceptOutcome::Made { user_name, opens: token })
            }
            Err(AcceptError::Gone) => Ok(AcceptOutcome::Gone),
            Err(AcceptError::Taken(NewAccountError::UserNameTaken)) => refuse(AcceptProblem::NameTaken),
            Err(AcceptError::Taken(NewAccountError::EmailTaken)) => refuse(AcceptProblem::EmailTaken),
        }
    }

    pub(super) async fn spend_accept_try(&self, offer: &Invitation, now: Timestamp) -> Result<RateSpend> {
        let key = self.throttle_key(&[b"invitation", offer.seller.id.as_bytes(), offer.email.as_str().as_bytes()])?;
        let limit = RateLimit { key, limit: ACCEPT_TRIES, window: Duration::from_hours(24) };
        Ok(self.store().spend_rate(limit, now).await?)
    }

    /// Makes an account as a member, for an operator. The seller account is made where there is none of that name.
    pub async fn add_member(&self, person: NewPerson, seller: SellerName, owner: bool) -> Answer<Account> {
        let new = NewMember {
            new: self.new_account(person).await?,
            seller,
            seller_id: SellerId::random(&**self.entropy()),
            owner,
            most: self.snapshot().config.users.per_seller,
        };
        match self.store().create_member(&new).await? {
            Ok(_seller) => {
                Event::AccountCreated { account: &new.new.account.id.to_string() }.record(Origin::Operator);
                Ok(Ok(new.new.account))
            }
            Err(why) => Ok(Err(Refused::Users(why.to_string()))),
        }
    }

    /// Invites somebody for an operator. Where mail is configured and the seller account has somebody to carry it, the
    /// link is mailed; else its address is returned, to be handed over.
    pub async fn invite_by_operator(
        &self,
        seller: &SellerName,
        email: EmailAddress,
        display_name: Option<String>,
        groups: Vec<Group>,
        owner: bool,
        language: Language,
    ) -> Answer<OperatorInvitation> {
        let now = self.now();
        let Some(seller) = self.store().seller(seller).await? else {
            return Ok(Err(Refused::NoSeller));
        };
        let carrier = self.store().members(seller.id).await?.first().map(|member| member.summary.account.id);
        let id = InvitationId::random(&**self.entropy());
        let link = self.invitation_link(id, now);
        let invitation = Invitation {
            id,
            seller,
            email: email.clone(),
            display_name,
            groups,
            owner,
            language,
            created_at: now,
            expires_at: link.expires_at,
        };
        let snapshot = self.snapshot();
        let mail = carrier
            .filter(|_| snapshot.config.mail.is_some())
            .map(|carrier| self.invitation_mail(carrier, &invitation, &link));
        let address = if mail.is_some() {
            None
        } else {
            let token = self.keyring().link_token(link.key, link.id.as_bytes()).ok_or(super::AppError::Key)?;
            let origin = snapshot.config.public_url.origin();
            Some(SecretString::from(format!("{origin}/.sekisho/link/{}", token.expose())))
        };
        let expires_at = link.expires_at;
        let new = NewInvitation { invitation, link, by: By::Operator, most: snapshot.config.users.per_seller, mail };
        match self.store().invite(&new).await? {
            Ok(()) => {
                Event::UserInvited { by: None, invitation: &id.to_string() }.record(Origin::Operator);
                Ok(Ok(OperatorInvitation { email, expires_at, address }))
            }
            Err(why) => Ok(Err(Refused::Users(why.to_string()))),
        }
    }
}
