//! What a fresh code is asked for, in words. Whoever holds a copy of a browser's cookies could have its person confirm
//! something else than they mean; so every page that asks names what the code will do.

use percent_encoding::percent_decode_str;

use super::{
    fresh::Errand,
    held,
    page::{Here, PageFrame},
    return_to::ReturnTo,
    visit::Visit,
};
use crate::{
    account::{AccountId, MethodId, Role},
    app::{self, UsersAccess},
};

/// Characters of an address or path that are shown.
const MOST: usize = 100;

/// The errand, else the place the person goes on to.
pub(super) async fn wanted(visit: &Visit<'_>, errand: Option<&Errand>) -> app::Result<String> {
    let frame = visit.frame(Here::Fresh, &super::notice::Note::default());
    Ok(match errand {
        Some(errand) => of_errand(visit, errand, &frame).await?,
        None => match held::sent_to(visit).await? {
            Some(path) => about("wanted-send", &readable(&path), &frame),
            None => of_place(&visit.to, &frame),
        },
    })
}

async fn of_errand(visit: &Visit<'_>, errand: &Errand, frame: &PageFrame) -> app::Result<String> {
    let key = match errand.path.as_str() {
        "/.sekisho/settings/swap" => "wanted-swap",
        "/.sekisho/settings/label" => "wanted-label",
        "/.sekisho/settings/replace/begin" => return replacing(visit, errand.field("method"), frame).await,
        path if path.starts_with("/.sekisho/settings/replace") => "wanted-replace",
        "/.sekisho/settings/trust" if errand.field("device") == "all" => "wanted-all-trust",
        "/.sekisho/settings/trust" => "wanted-trust",
        "/.sekisho/settings/sessions" => "wanted-sessions",
        "/.sekisho/settings/language" => "wanted-language",
        "/.sekisho/settings/email" => return Ok(about("wanted-email", errand.field("email"), frame)),
        "/.sekisho/settings/password" => "wanted-password",
        "/.sekisho/recovery-code/renew" => "wanted-codes",
        "/.sekisho/users/invite" => return Ok(about("wanted-invite", errand.field("email"), frame)),
        "/.sekisho/users/invitation" => "wanted-invitation",
        "/.sekisho/users/groups" => return member(visit, "wanted-groups", errand.field("user"), frame).await,
        "/.sekisho/users/remove" => return member(visit, "wanted-remove", errand.field("user"), frame).await,
        _ => "wanted-settings",
    };
    Ok(frame.t(key))
}

fn about(key: &str, what: &str, frame: &PageFrame) -> String {
    frame.say(key, &[("what", shortened(what).into())])
}

async fn replacing(visit: &Visit<'_>, method: &str, frame: &PageFrame) -> app::Result<String> {
    let pair = visit.portal.app.session(&visit.browser()).await?.and_then(|session| session.pair);
    let id = MethodId::parse(method);
    let role =
        pair.and_then(|pair| [Role::Primary, Role::Backup].into_iter().find(|role| Some(pair.get(*role).id) == id));
    Ok(frame.t(match role {
        Some(Role::Primary) => "wanted-primary",
        Some(Role::Backup) => "wanted-backup",
        None => "wanted-replace",
    }))
}

/// Something about one of the people of a seller account, by name.
async fn member(visit: &Visit<'_>, key: &str, user: &str, frame: &PageFrame) -> app::Result<String> {
    let id = AccountId::parse(user);
    let name = match visit.portal.app.users(&visit.browser()).await? {
        UsersAccess::Owner(view) => {
            let member = view.members.iter().find(|member| Some(member.summary.account.id) == id);
            member.map(|member| member.summary.account.user_name.as_str().to_owned())
        }
        _ => None,
    };
    Ok(name.map_or_else(|| frame.t("wanted-users"), |name| about(key, &name, frame)))
}

/// A page of the console by its path; one of ours by its name.
fn of_place(to: &ReturnTo, frame: &PageFrame) -> String {
    let path = to.as_str().split('?').next().unwrap_or_default();
    if to.held().is_some() {
        // This browser and account have no such form: where it was to go is not theirs to know.
        return frame.t("wanted-form");
    }
    match path {
        "/" => frame.named("wanted-console"),
        "/.sekisho/users" => frame.t("wanted-users"),
        path if path.starts_with("/.sekisho/") => frame.t("wanted-settings"),
        path => about("wanted-page", &readable(path), frame),
    }
}

/// A path as its person reads it; as it stands where it would then say anything but letters, digits and `/-_.~`.
pub(super) fn readable(path: &str) -> String {
    let decoded = percent_decode_str(path).decode_utf8().ok();
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '/' | '-' | '_' | '.' | '~');
    decoded.filter(|text| text.chars().all(plain)).map_or_else(|| path.to_owned(), std::borrow::Cow::into_owned)
}

fn shortened(text: &str) -> String {
    if text.chars().count() <= MOST {
        return text.to_owned();
    }
    text.chars().take(MOST).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{language::Language, portal::samples};

    #[test]
    fn a_place_is_named_by_its_path_and_nothing_that_could_mislead() {
        let name = |to: &str| of_place(&ReturnTo::parse(to).unwrap(), &samples::frame(Language::En));
        assert_eq!(name("/"), "Open Seller Console");
        assert_eq!(name("/payouts?account=7"), "Open /payouts");
        assert_eq!(name("/%E6%94%AF%E6%89%95/1"), "Open /支払/1");
        assert_eq!(name("/a%20to%20look%20around"), "Open /a%20to%20look%20around", "no sentence of its own");
        assert_eq!(name("/a%E2%80%AEb"), "Open /a%E2%80%AEb", "nothing that turns the line around");
        assert_eq!(name("/.sekisho/settings/password"), "Open Advanced security settings");
        let held = "/.sekisho/held?id=aaaaaaaaaaaaaaaaaaaaaaaaaa";
        assert_eq!(name(held), "Send what you entered");
        let japanese = of_place(&ReturnTo::parse(held).unwrap(), &samples::frame(Language::Ja));
        assert_eq!(japanese, "入力した内容を送信する");
        let long = name(&format!("/{}", "a".repeat(300)));
        assert!(long.ends_with('…') && long.chars().count() < 120, "{long}");
    }
}
