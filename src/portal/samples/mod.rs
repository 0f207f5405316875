//! Every page in every state, with values as they occur. The tests of the pages and the screenshots go through these.

mod code;
mod enrolment;
mod held;
mod links;
mod settings;
#[cfg(test)]
mod tests;
mod users;

use std::{sync::Arc, time::Duration};

use askama::Template;

use super::{
    error::{ErrorPage, Problem, TopLevelPage},
    guides::{Guide, GuidePage, Lengths},
    page::{Here, PageFrame, ShownMethod, Site, html},
    recovery::RecoveryPage,
    sign_in::{SignInNotice, SignInPage, SignOutPage, SignedInPage},
    stopped::{StoppedPage, Why},
};
use crate::{
    account::MethodKind,
    app::recovery::RequestView,
    authn::recovery::{Receipt, RecoveryStage},
    clock::Timestamp,
    config::Branding,
    language::Language,
};

/// 2026-11-22T14:20 in Tokyo.
const NOW: Timestamp = Timestamp::from_secs(1_795_324_800);

fn minutes(n: u64) -> Timestamp {
    NOW + Duration::from_secs(60 * n)
}

fn site_branding() -> Branding {
    Branding {
        name_ja: "出品者コンソール".to_owned(),
        name_en: "Seller Console".to_owned(),
        colour: None,
        logo: None,
        help_url: Some("https://help.example.jp/".to_owned()),
        privacy_url: Some("https://example.jp/privacy".to_owned()),
    }
}

/// The looks of the samples.
pub(crate) fn site() -> Arc<Site> {
    Arc::new(Site::sample(site_branding()))
}

/// A frame.
pub(crate) fn frame(language: Language) -> PageFrame {
    PageFrame {
        site: site(),
        language,
        now: NOW,
        form_token: "dG9rZW4".to_owned(),
        to: "c2VhbGVk".to_owned(),
        note: String::new(),
        who: "d2hv".to_owned(),
        errand: String::new(),
        here: Here::SignIn,
        stopped: None,
        back: None,
    }
}

fn app() -> ShownMethod {
    ShownMethod { kind: MethodKind::App, digits: None, label: None }
}

fn sms() -> ShownMethod {
    ShownMethod { kind: MethodKind::Sms, digits: Some("78".to_owned()), label: None }
}

fn voice(language: Language) -> ShownMethod {
    let label = match language {
        Language::Ja => "会社の電話",
        Language::En => "Office phone",
    };
    ShownMethod { kind: MethodKind::Voice, digits: Some("56".to_owned()), label: Some(label.to_owned()) }
}

/// Name and HTML of every page and state. Names are `page.state`.
pub(crate) fn all(language: Language) -> Vec<(String, String)> {
    let mut pages = Pages(Vec::new());
    sign_in(language, &mut pages);
    recovery_request(language, &mut pages);
    code::code(language, &mut pages);
    code::help(language, &mut pages);
    enrolment::enrolment(language, &mut pages);
    settings::settings(language, &mut pages);
    users::users(language, &mut pages);
    errors(language, &mut pages);
    guides(language, &mut pages);
    links::links(language, &mut pages);
    held::held(language, &mut pages);
    pages.0
}

struct Pages(Vec<(String, String)>);

impl Pages {
    fn add(&mut self, page: &str, state: &str, template: &impl Template) {
        self.0.push((format!("{page}.{state}"), html(template)));
    }
}

fn sign_in(language: Language, pages: &mut Pages) {
    let page = |notice, user_name: &str| SignInPage { frame: frame(language), notice, user_name: user_name.to_owned() };
    pages.add("sign-in", "first", &page(None, ""));
    for (state, notice) in [
        ("wrong", SignInNotice::BadCredentials),
        ("missing", SignInNotice::CredentialsMissing),
        ("wait", SignInNotice::WaitUntil(minutes(4))),
        ("busy", SignInNotice::Busy),
        ("idle", SignInNotice::SessionExpired { minutes: 60 }),
        ("ended", SignInNotice::SessionEnded),
        ("signed-out", SignInNotice::SignedOut),
        ("sign-in-ended", SignInNotice::SignInEnded),
        ("recovery-awaits", SignInNotice::RecoveryAwaits),
        ("too-many-tries", SignInNotice::TooManyTries),
        ("other-account", SignInNotice::OtherAccount),
        ("account-made", SignInNotice::AccountMade),
        ("password-reset", SignInNotice::PasswordReset),
    ] {
        pages.add("sign-in", state, &page(Some(notice), if notice == SignInNotice::SignedOut { "" } else { "hanako" }));
    }
    let (user, target) = ("hanako".to_owned(), "/orders/1042?tab=items".to_owned());
    pages.add(
        "signed-in",
        "first",
        &SignedInPage {
            frame: frame(language),
            user: user.clone(),
            target: target.clone(),
            owner: false,
            kept: Vec::new(),
        },
    );
    let page = SignedInPage {
        frame: frame(language),
        user: user.clone(),
        target: target.clone(),
        owner: true,
        kept: Vec::new(),
    };
    pages.add("signed-in", "owner", &page);
    pages.add("signed-in", "kept", &SignedInPage { kept: held::kept(), ..page });
    pages.add("sign-out", "first", &SignOutPage { frame: frame(language), target: target.clone(), trusted: false });
    pages.add("sign-out", "trusted", &SignOutPage { frame: frame(language), target, trusted: true });
}

fn recovery_request(language: Language, pages: &mut Pages) {
    let page = |request, next_from| RecoveryPage {
        frame: PageFrame { here: Here::Recovery, ..frame(language) },
        request,
        wait: Duration::from_hours(24),
        next_from,
    };
    let receipt = || Receipt::parse("K7QM-2XWA").unwrap();
    pages.add("recovery", "first", &page(None, None));
    for (state, stage) in [
        ("waiting", RecoveryStage::Waiting(minutes(24 * 60))),
        ("decidable", RecoveryStage::Decidable),
        ("refused", RecoveryStage::Refused),
        ("cancelled", RecoveryStage::Cancelled),
        ("expired", RecoveryStage::Expired),
    ] {
        pages.add("recovery", state, &page(Some(RequestView { receipt: receipt(), stage }), None));
    }
    let last = RequestView { receipt: receipt(), stage: RecoveryStage::Refused };
    pages.add("recovery", "too-many", &page(Some(last), Some(minutes(20 * 24 * 60))));
}

fn errors(language: Language, pages: &mut Pages) {
    for problem in Problem::ALL {
        let reference = (problem.status().is_server_error()).then(|| "mfrggzdf".to_owned());
        let page = ErrorPage { frame: frame(language), problem, reference, target: "/".to_owned() };
        pages.add(&format!("error-{problem:?}").to_lowercase(), "first", &page);
    }
    for why in Why::ALL {
        let page = StoppedPage {
            frame: frame(language),
            why,
            origin: "https://console.example.jp".to_owned(),
            reference: "mfrggzdfmztwq2lknnwg23tpoa".to_owned(),
            target: "/.sekisho/sign-in".to_owned(),
        };
        pages.add(&format!("stopped-{}", why.as_str().replace('_', "-")), "first", &page);
    }
    let target = "/.sekisho/sign-in?to=c2VhbGVk".to_owned();
    pages.add("top-level", "first", &TopLevelPage { frame: frame(language), target: target.clone(), fresh: false });
    pages.add("top-level", "fresh", &TopLevelPage { frame: frame(language), target, fresh: true });
}

fn guides(language: Language, pages: &mut Pages) {
    for guide in Guide::ALL {
        let page = |back| {
            let frame = PageFrame { here: Here::Guide(guide), back, ..frame(language) };
            GuidePage { frame, guide, lengths: Lengths::sample() }
        };
        pages.add(guide.as_str(), "first", &page(None));
        pages.add(guide.as_str(), "from-code", &page(Some(Here::Code)));
    }
}
