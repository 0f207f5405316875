//! Users and permissions: the page on which the owner of a seller account invites and removes its people and sets their
//! groups.

use askama::Template;
use serde::{Deserialize, Serialize};

use super::{
    error::Problem,
    language,
    notice::{News, Note},
    page::{Here, PageFrame, html},
    visit::{Answer, Visit},
};
use crate::{
    account::{Account, AccountId, EmailAddress, MethodKind, Role},
    app::{self, InviteForm, InviteProblem, UsersAccess, UsersView},
    clock::Timestamp,
    language::Language,
    store::{Invitation, InvitationId, Member},
};

/// What the users page says once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum UsersNews {
    /// A mail is on its way.
    Invited,
    /// A new link is on its way.
    SentAgain,
    /// The invitation is taken back.
    Withdrawn,
    /// The groups are set.
    Changed,
    /// The person is removed.
    Removed,
    /// Not an e-mail address.
    BadAddress,
    /// The name to show is too long.
    BadName,
    /// No mail here.
    NoMail,
    /// One of the own people has the address.
    AlreadyMember,
    /// No places left.
    Full,
    /// The page was not the current one.
    Stale,
    /// No further invitations before then.
    TooManySent(Timestamp),
    /// None to that address before then.
    MailedOften(Timestamp),
    /// The owners were asked for a sign-in of one's own.
    Asked,
    /// They were asked before, within a day.
    AskedBefore,
}

impl UsersNews {
    const fn failed(self) -> bool {
        !matches!(
            self,
            Self::Invited
                | Self::SentAgain
                | Self::Withdrawn
                | Self::Changed
                | Self::Removed
                | Self::Asked
                | Self::AskedBefore
        )
    }

    fn text(self, frame: &PageFrame) -> String {
        match self {
            Self::Invited => frame.t("users-invited"),
            Self::SentAgain => frame.t("users-sent-again"),
            Self::Withdrawn => frame.t("users-withdrawn"),
            Self::Changed => frame.t("users-changed"),
            Self::Removed => frame.t("users-removed"),
            Self::BadAddress => frame.t("users-bad-address"),
            Self::BadName => frame.t("users-bad-name"),
            Self::NoMail => frame.named("users-no-mail"),
            Self::AlreadyMember => frame.t("users-already"),
            Self::Full => frame.named("users-full"),
            Self::Stale => frame.t("users-stale"),
            Self::TooManySent(at) => frame.timed_from("users-too-many-sent", at),
            Self::MailedOften(at) => frame.timed_from("users-mailed-often", at),
            Self::Asked => frame.t("users-asked"),
            Self::AskedBefore => frame.t("users-asked-before"),
        }
    }
}

impl From<InviteProblem> for UsersNews {
    fn from(problem: InviteProblem) -> Self {
        match problem {
            InviteProblem::Address => Self::BadAddress,
            InviteProblem::DisplayName => Self::BadName,
            InviteProblem::NoMail => Self::NoMail,
            InviteProblem::AlreadyMember => Self::AlreadyMember,
            InviteProblem::Full => Self::Full,
            InviteProblem::TooManySent(at) => Self::TooManySent(at),
            InviteProblem::MailedOften(at) => Self::MailedOften(at),
            InviteProblem::NotYours => Self::Stale,
        }
    }
}

/// `h•••@example.jp`: enough to know one's own people by.
pub(super) fn masked(address: &EmailAddress) -> String {
    let (local, domain) = address.as_str().split_once('@').unwrap_or((address.as_str(), ""));
    let first: String = local.chars().take(1).collect();
    format!("{first}•••@{domain}")
}

/// One person on the page.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own that the page tells")]
#[derive(Clone, Debug)]
pub struct ShownUser {
    /// Identifier, for the links.
    pub id: String,
    /// User name.
    pub name: String,
    /// What the console shows.
    pub display_name: Option<String>,
    /// Masked, unless it is one's own.
    pub email: Option<String>,
    /// Its groups.
    pub groups: Vec<String>,
    /// Channels of primary and backup.
    pub methods: Option<[MethodKind; 2]>,
    /// When it last signed in.
    pub last_sign_in: Option<Timestamp>,
    /// May it manage the others?
    pub owner: bool,
    /// Is it the one who looks?
    pub me: bool,
    /// Does it look as if several people use it?
    pub shared: bool,
    /// Did its person stop it, and its password proves nothing until it is chosen anew?
    pub frozen: bool,
}

impl ShownUser {
    fn of(member: &Member, view: &UsersView) -> Self {
        let Account { id, user_name, display_name, email, groups, .. } = &member.summary.account;
        Self {
            id: id.to_string(),
            name: user_name.to_string(),
            display_name: display_name.clone(),
            email: email.as_ref().map(|email| if *id == view.me { email.to_string() } else { masked(email) }),
            groups: groups.iter().map(ToString::to_string).collect(),
            methods: member.summary.pair.as_ref().map(|pair| [Role::Primary, Role::Backup].map(|r| pair.get(r).kind())),
            last_sign_in: member.last_sign_in,
            owner: member.owner,
            me: *id == view.me,
            shared: view.shared.contains(id),
            frozen: member.summary.frozen_at.is_some(),
        }
    }

    fn two_step(&self, frame: &PageFrame) -> String {
        let kind = |kind| match kind {
            MethodKind::App => frame.t("method-app"),
            MethodKind::Sms => frame.t("method-sms"),
            MethodKind::Voice => frame.t("method-voice"),
        };
        match self.methods {
            None => frame.t("users-two-step-off"),
            Some([primary, backup]) => {
                frame.say("users-two-step-on", &[("primary", kind(primary).into()), ("backup", kind(backup).into())])
            }
        }
    }

    fn last_seen(&self, frame: &PageFrame) -> String {
        self.last_sign_in.map_or_else(|| frame.t("users-never"), |at| frame.date(at))
    }

    fn groups_text(&self, frame: &PageFrame) -> String {
        if self.groups.is_empty() { frame.t("users-no-groups") } else { frame.groups(&self.groups) }
    }

    /// Can the owner who looks change anything about it?
    const fn changeable(&self) -> bool {
        !self.me
    }
}

/// Somebody who is invited.
#[derive(Clone, Debug)]
pub struct ShownInvitation {
    /// Identifier, for the forms.
    pub id: String,
    /// Where the link went.
    pub email: String,
    /// The name to show.
    pub display_name: Option<String>,
    /// Until when the link works.
    pub expires_at: Timestamp,
    /// Is that over?
    pub expired: bool,
}

impl ShownInvitation {
    fn of(offer: &Invitation, now: Timestamp) -> Self {
        Self {
            id: offer.id.to_string(),
            email: offer.email.to_string(),
            display_name: offer.display_name.clone(),
            expires_at: offer.expires_at,
            expired: now >= offer.expires_at,
        }
    }

    /// `mail`: an invitation can be sent again.
    fn until(&self, frame: &PageFrame, mail: bool) -> String {
        if self.expired {
            return frame.t(if mail { "users-invitation-over" } else { "users-invitation-over-no-mail" });
        }
        frame.say("users-invitation-until", &[("time", frame.clock_until(self.expires_at).into())])
    }
}

/// A group an owner may give, as a box.
#[derive(Clone, Debug)]
pub struct GroupBox {
    /// Its place in the form.
    pub index: usize,
    /// Its name.
    pub name: String,
    /// Ticked?
    pub given: bool,
}

/// More boxes than the configuration allows groups.
const BOXES: [&str; 20] = [
    "group-0", "group-1", "group-2", "group-3", "group-4", "group-5", "group-6", "group-7", "group-8", "group-9",
    "group-10", "group-11", "group-12", "group-13", "group-14", "group-15", "group-16", "group-17", "group-18",
    "group-19",
];

/// What an invitation's form holds while a fresh code is asked.
pub(super) const INVITE_KEEPS: &[&str] = &[
    "email",
    "display_name",
    "messages",
    "group-0",
    "group-1",
    "group-2",
    "group-3",
    "group-4",
    "group-5",
    "group-6",
    "group-7",
    "group-8",
    "group-9",
    "group-10",
    "group-11",
    "group-12",
    "group-13",
    "group-14",
    "group-15",
    "group-16",
    "group-17",
    "group-18",
    "group-19",
];

/// The same of the groups' form.
pub(super) const GROUPS_KEEPS: &[&str] = &[
    "user", "group-0", "group-1", "group-2", "group-3", "group-4", "group-5", "group-6", "group-7", "group-8",
    "group-9", "group-10", "group-11", "group-12", "group-13", "group-14", "group-15", "group-16", "group-17",
    "group-18", "group-19",
];

fn boxes(view: &UsersView, given: &[String]) -> Vec<GroupBox> {
    let grantable = view.grantable.iter().enumerate();
    grantable
        .map(|(index, group)| {
            let name = group.to_string();
            GroupBox { index, given: given.contains(&name), name }
        })
        .collect()
}

/// The boxes that were ticked.
fn ticked(visit: &Visit<'_>) -> Vec<String> {
    BOXES.iter().map(|name| visit.form.text(name).to_owned()).filter(|group| !group.is_empty()).collect()
}

/// An invitation as it was typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TypedInvitation {
    /// The address.
    pub email: String,
    /// The name to show.
    pub display_name: String,
    /// The language of the mail.
    pub language: Option<Language>,
    /// The boxes that were ticked.
    pub groups: Vec<String>,
}

/// The list.
#[derive(Debug, Template)]
#[template(path = "users.html")]
pub struct UsersPage {
    /// The frame.
    pub frame: PageFrame,
    /// Name of the seller account.
    pub seller: String,
    /// Its people.
    pub users: Vec<ShownUser>,
    /// Those who are invited.
    pub invitations: Vec<ShownInvitation>,
    /// The groups an invitation may offer.
    pub groups: Vec<GroupBox>,
    /// Can invitations be mailed?
    pub mail: bool,
    /// At most this many people.
    pub most: u32,
    /// What was typed into the form that was refused.
    pub typed: TypedInvitation,
    /// What happened.
    pub news: Option<UsersNews>,
    /// Back to where the person was.
    pub target: String,
}

impl UsersPage {
    fn failed(&self) -> bool {
        self.news.is_some_and(UsersNews::failed)
    }
    fn heading(&self) -> String {
        self.frame.t("users-heading")
    }
    fn lead(&self) -> String {
        self.frame.say("users-lead", &[("seller", self.seller.as_str().into())])
    }
    fn news_text(&self) -> Option<String> {
        self.news.filter(|news| !news.failed()).map(|news| news.text(&self.frame))
    }
    /// What stands at no field.
    fn error_text(&self) -> Option<String> {
        let at_field = self.email_error().is_some() || self.name_error().is_some();
        self.news.filter(|news| news.failed() && !at_field).map(|news| news.text(&self.frame))
    }
    fn email_error(&self) -> Option<String> {
        let about = |news: &UsersNews| matches!(news, UsersNews::BadAddress | UsersNews::AlreadyMember);
        self.news.filter(about).filter(|_| self.has_form()).map(|news| news.text(&self.frame))
    }
    fn name_error(&self) -> Option<String> {
        let about = |news: &UsersNews| matches!(news, UsersNews::BadName);
        self.news.filter(about).filter(|_| self.has_form()).map(|news| news.text(&self.frame))
    }
    /// The mail is in the language of the page, until the owner says otherwise.
    fn speaks(&self, language: Language) -> bool {
        self.typed.language.unwrap_or(self.frame.language) == language
    }
    fn has_form(&self) -> bool {
        self.mail && !self.full()
    }
    fn full(&self) -> bool {
        let invited = self.invitations.iter().filter(|offer| !offer.expired).count();
        self.users.len() + invited >= usize::try_from(self.most).unwrap_or(usize::MAX)
    }
}

/// One person's groups, and the way to remove them.
#[derive(Debug, Template)]
#[template(path = "users_edit.html")]
pub struct UserEditPage {
    /// The frame.
    pub frame: PageFrame,
    /// Who.
    pub user: ShownUser,
    /// What may be given and taken.
    pub groups: Vec<GroupBox>,
    /// What only the operator gives and takes.
    pub fixed: Vec<String>,
}

impl UserEditPage {
    #[expect(clippy::unused_self, reason = "the shared frame of all pages asks every page")]
    const fn failed(&self) -> bool {
        false
    }
    fn heading(&self) -> String {
        self.frame.say("users-edit-heading", &[("user", self.user.name.as_str().into())])
    }
    fn fixed_text(&self) -> Option<String> {
        let groups = self.frame.groups(&self.fixed);
        (!self.fixed.is_empty()).then(|| self.frame.say("users-fixed", &[("groups", groups.into())]))
    }
}

/// The question before somebody is removed.
#[derive(Debug, Template)]
#[template(path = "users_remove.html")]
pub struct UserRemovePage {
    /// The frame.
    pub frame: PageFrame,
    /// Whom.
    pub user: ShownUser,
}

impl UserRemovePage {
    #[expect(clippy::unused_self, reason = "the shared frame of all pages asks every page")]
    const fn failed(&self) -> bool {
        false
    }
    fn heading(&self) -> String {
        self.frame.say("users-remove-heading", &[("user", self.user.name.as_str().into())])
    }
}

/// Not an owner.
#[derive(Debug, Template)]
#[template(path = "users_refused.html")]
pub struct UsersRefusedPage {
    /// The frame.
    pub frame: PageFrame,
    /// Back to where the person was.
    pub target: String,
}

impl UsersRefusedPage {
    #[expect(clippy::unused_self, reason = "the shared frame of all pages asks every page")]
    const fn failed(&self) -> bool {
        false
    }
    fn heading(&self) -> String {
        self.frame.t("users-refused-heading")
    }
}

/// What the settings say of the seller account.
#[derive(Clone, Copy, Debug, Default)]
pub struct SettingsPeople {
    /// It is the person's own to manage.
    pub owner: bool,
    /// Several people seem to use the sign-in.
    pub shared: bool,
    /// There is an owner to ask for a sign-in of one's own, and mail to ask by.
    pub can_ask: bool,
    /// What has just happened.
    pub news: Option<UsersNews>,
}

impl SettingsPeople {
    pub(super) fn news_text(self, frame: &PageFrame) -> Option<String> {
        self.news.map(|news| news.text(frame))
    }
}

pub(super) async fn settings_people(visit: &Visit<'_>, note: &Note) -> app::Result<SettingsPeople> {
    let (app, browser) = (&visit.portal.app, visit.browser());
    let Some(session) = app.session(&browser).await? else { return Ok(SettingsPeople::default()) };
    let membership = app.own_membership(&browser).await?;
    let owner = membership.as_ref().is_some_and(|of| of.owner);
    let mail = app.snapshot().config.mail.is_some();
    Ok(SettingsPeople {
        owner,
        shared: app.sharing(session.account.id).await?.looks_shared(),
        can_ask: membership.is_some() && !owner && mail,
        news: note.users(),
    })
}

/// Asks the owners for a sign-in of one's own.
pub(super) async fn ask(visit: &Visit<'_>) -> app::Result<Answer> {
    let news = match visit.portal.app.ask_for_own_sign_in(&visit.browser()).await? {
        Some(true) => UsersNews::Asked,
        Some(false) => UsersNews::AskedBefore,
        None => return Ok(visit.see(Here::Settings)),
    };
    Ok(visit.see_with(Here::Settings, News::Users(news)))
}

/// The owner's view, or where somebody else is led.
async fn owned(visit: &Visit<'_>) -> app::Result<Result<UsersView, Answer>> {
    Ok(match visit.portal.app.users(&visit.browser()).await? {
        UsersAccess::Owner(view) => Ok(*view),
        UsersAccess::NoSession => Err(visit.see_first(Here::SignIn, Here::Users)),
        UsersAccess::Unenrolled => Err(visit.see_first(Here::Enable, Here::Users)),
        UsersAccess::NotOwner => {
            let frame = visit.frame(Here::Users, &Note::default());
            let page = html(&UsersRefusedPage { frame, target: visit.to.as_str().to_owned() });
            Err(Answer { status: Problem::Forbidden.status(), ..visit.page(page) })
        }
    })
}

pub(super) async fn show(visit: &Visit<'_>) -> app::Result<Answer> {
    let view = match owned(visit).await? {
        Ok(view) => view,
        Err(answer) => return Ok(answer),
    };
    let note = visit.note();
    let typed = note.invitation.clone().unwrap_or_default();
    let page = UsersPage {
        frame: visit.frame(Here::Users, &note),
        seller: view.seller.name.to_string(),
        users: view.members.iter().map(|member| ShownUser::of(member, &view)).collect(),
        invitations: view.invitations.iter().map(|offer| ShownInvitation::of(offer, visit.now)).collect(),
        groups: boxes(&view, &typed.groups),
        typed,
        mail: view.mail,
        most: view.most,
        news: note.users(),
        target: visit.to.as_str().to_owned(),
    };
    Ok(visit.page(html(&page)))
}

/// The member an address or a form names, where it is one of the owner's and may be changed.
fn named<'v>(visit: &Visit<'_>, view: &'v UsersView) -> Option<&'v Member> {
    let id = AccountId::parse(&visit.user)?;
    view.members.iter().find(|member| member.summary.account.id == id && id != view.me)
}

pub(super) async fn show_edit(visit: &Visit<'_>) -> app::Result<Answer> {
    let view = match owned(visit).await? {
        Ok(view) => view,
        Err(answer) => return Ok(answer),
    };
    let Some(member) = named(visit, &view) else { return Ok(stale(visit)) };
    let user = ShownUser::of(member, &view);
    let fixed = user.groups.iter().filter(|name| view.grantable.iter().all(|group| group.as_str() != name.as_str()));
    let page = UserEditPage {
        frame: visit.frame(Here::Users, &Note::default()),
        groups: boxes(&view, &user.groups),
        fixed: fixed.cloned().collect(),
        user,
    };
    Ok(visit.page(html(&page)))
}

pub(super) async fn show_remove(visit: &Visit<'_>) -> app::Result<Answer> {
    let view = match owned(visit).await? {
        Ok(view) => view,
        Err(answer) => return Ok(answer),
    };
    match named(visit, &view) {
        Some(member) if !member.owner => {
            let user = ShownUser::of(member, &view);
            Ok(visit.page(html(&UserRemovePage { frame: visit.frame(Here::Users, &Note::default()), user })))
        }
        Some(_) | None => Ok(stale(visit)),
    }
}

fn stale(visit: &Visit<'_>) -> Answer {
    visit.see_with(Here::Users, News::Users(UsersNews::Stale))
}

const MOST_ADDRESS: usize = 254;
const MOST_DISPLAY_NAME: usize = 100;

fn done<T>(visit: &Visit<'_>, outcome: Result<T, InviteProblem>, went_well: UsersNews) -> Answer {
    visit.see_with(Here::Users, News::Users(outcome.map_or_else(UsersNews::from, |_| went_well)))
}

pub(super) async fn invite(visit: &Visit<'_>) -> app::Result<Answer> {
    let groups = ticked(visit);
    let chosen = language::chosen(visit.form.text("messages"));
    let form = InviteForm {
        email: visit.form.text("email"),
        display_name: visit.form.text("display_name"),
        groups: &groups,
        language: chosen.unwrap_or(visit.language),
    };
    let outcome = visit.portal.app.invite(&visit.browser(), form).await?;
    Ok(match outcome {
        Ok(_) => visit.see_with(Here::Users, News::Users(UsersNews::Invited)),
        Err(problem) => {
            let kept = |name, most| visit.form.text(name).chars().take(most).collect();
            let typed = TypedInvitation {
                email: kept("email", MOST_ADDRESS),
                display_name: kept("display_name", MOST_DISPLAY_NAME),
                language: chosen,
                groups,
            };
            let news = News::Users(problem.into());
            visit.see_with(Here::Users, Note { invitation: Some(typed), ..news.into() })
        }
    })
}

pub(super) async fn invitation(visit: &Visit<'_>) -> app::Result<Answer> {
    let (app, browser) = (&visit.portal.app, visit.browser());
    let Some(id) = InvitationId::parse(visit.form.text("invitation")) else { return Ok(stale(visit)) };
    Ok(match visit.form.text("do") {
        "again" => done(visit, app.send_invitation_again(&browser, id).await?, UsersNews::SentAgain),
        "withdraw" => done(visit, app.withdraw_invitation(&browser, id).await?, UsersNews::Withdrawn),
        _ => stale(visit),
    })
}

pub(super) async fn change_groups(visit: &Visit<'_>) -> app::Result<Answer> {
    let Some(member) = AccountId::parse(visit.form.text("user")) else { return Ok(stale(visit)) };
    let outcome = visit.portal.app.change_groups(&visit.browser(), member, &ticked(visit)).await?;
    Ok(done(visit, outcome, UsersNews::Changed))
}

pub(super) async fn remove(visit: &Visit<'_>) -> app::Result<Answer> {
    let Some(member) = AccountId::parse(visit.form.text("user")) else { return Ok(stale(visit)) };
    let outcome = visit.portal.app.remove_user(&visit.browser(), member).await?;
    Ok(done(visit, outcome, UsersNews::Removed))
}
