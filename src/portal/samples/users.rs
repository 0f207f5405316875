//! Users and permissions, and the invited person's page.

use std::time::Duration;

use super::{NOW, Pages, frame, minutes};
use crate::{
    account::MethodKind,
    app::AcceptProblem,
    authn::PasswordProblem,
    language::Language,
    portal::{
        invited::{InvitedOverPage, InvitedPage},
        page::{Here, PageFrame},
        users::{
            GroupBox, ShownInvitation, ShownUser, TypedInvitation, UserEditPage, UserRemovePage, UsersNews, UsersPage,
            UsersRefusedPage,
        },
    },
};

pub(super) fn users(language: Language, pages: &mut Pages) {
    let frame = || PageFrame { here: Here::Users, ..frame(language) };
    let seller = || match language {
        Language::Ja => "山田商店".to_owned(),
        Language::En => "Yamada Trading".to_owned(),
    };
    let user = |name: &str, display_name: Option<&str>| ShownUser {
        id: "mfrggzdfmztwq2lknnwg23tpoa".to_owned(),
        name: name.to_owned(),
        display_name: display_name.map(str::to_owned),
        email: Some(format!("{}•••@example.jp", name.chars().next().unwrap_or('x'))),
        groups: vec!["orders".to_owned(), "payments".to_owned()],
        methods: Some([MethodKind::App, MethodKind::Sms]),
        last_sign_in: Some(NOW),
        owner: false,
        me: false,
        shared: false,
        frozen: false,
    };
    let box_of = |index, name: &str, given| GroupBox { index, name: name.to_owned(), given };
    let groups = || vec![box_of(0, "orders", false), box_of(1, "payments", false), box_of(2, "catalogue:write", true)];
    let invitation = |expired| ShownInvitation {
        id: "nfrggzdfmztwq2lknnwg23tpoa".to_owned(),
        email: "jiro@example.jp".to_owned(),
        display_name: None,
        expires_at: NOW + Duration::from_hours(7 * 24),
        expired,
    };
    let page = |news: Option<UsersNews>, mail, most| UsersPage {
        frame: frame(),
        target: "/orders".to_owned(),
        seller: seller(),
        users: vec![
            ShownUser { owner: true, me: true, ..user("hanako", Some("山田 花子")) },
            ShownUser { shared: true, ..user("shop", None) },
            ShownUser { frozen: true, ..user("ichiro", None) },
            ShownUser {
                groups: vec![],
                methods: None,
                last_sign_in: None,
                email: None,
                ..user("taro", Some("鈴木 太郎"))
            },
        ],
        invitations: vec![invitation(false), invitation(true)],
        groups: groups(),
        mail,
        most,
        typed: TypedInvitation {
            language: Some(Language::Ja),
            email: if news.is_some_and(|news| news == UsersNews::BadAddress) { "jiro.example.jp" } else { "" }
                .to_owned(),
            ..TypedInvitation::default()
        },
        news,
    };
    pages.add("users", "first", &page(None, true, 50));
    pages.add("users", "no-mail", &page(None, false, 50));
    pages.add("users", "full", &page(None, true, 4));
    for (state, news) in [
        ("invited", UsersNews::Invited),
        ("sent-again", UsersNews::SentAgain),
        ("withdrawn", UsersNews::Withdrawn),
        ("changed", UsersNews::Changed),
        ("removed", UsersNews::Removed),
        ("bad-address", UsersNews::BadAddress),
        ("bad-name", UsersNews::BadName),
        ("already", UsersNews::AlreadyMember),
        ("too-many-sent", UsersNews::TooManySent(minutes(120))),
        ("mailed-often", UsersNews::MailedOften(minutes(60))),
        ("stale", UsersNews::Stale),
    ] {
        pages.add("users", state, &page(Some(news), true, 50));
    }
    let edit = |groups, fixed| UserEditPage { frame: frame(), user: user("taro", None), groups, fixed };
    pages.add("users-edit", "first", &edit(groups(), vec!["operators".to_owned()]));
    pages.add("users-edit", "nothing", &edit(vec![], vec![]));
    pages.add("users-remove", "first", &UserRemovePage { frame: frame(), user: user("taro", None) });
    pages.add("users-refused", "first", &UsersRefusedPage { frame: frame(), target: "/".to_owned() });
    let frame = || PageFrame { here: Here::Invited, ..frame() };
    let invited = |news, user_name: &str| InvitedPage {
        frame: frame(),
        seller: seller(),
        email: "jiro@example.jp".to_owned(),
        user_name: user_name.to_owned(),
        news,
    };
    pages.add("invited", "first", &invited(None, ""));
    for (state, news) in [
        ("name", AcceptProblem::Name),
        ("name-taken", AcceptProblem::NameTaken),
        ("email-taken", AcceptProblem::EmailTaken),
        ("differ", AcceptProblem::Differ),
        ("short", AcceptProblem::Password(PasswordProblem::TooShort)),
        ("common", AcceptProblem::Password(PasswordProblem::Common)),
        ("too-many", AcceptProblem::TooMany(NOW + Duration::from_hours(3))),
    ] {
        pages.add("invited", state, &invited(Some(news), "jiro"));
    }
    pages.add("invited-over", "first", &InvitedOverPage { frame: frame() });
}
