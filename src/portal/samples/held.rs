//! What becomes of a form that was sent when its session had ended.

use super::{NOW, Pages, frame, minutes};
use crate::{
    language::Language,
    portal::{
        held::{HeldOver, HeldOverPage, HeldPage, HeldWaitsFor, StoppedForm},
        page::{Here, PageFrame},
        sign_in::{SignInNotice, SignInPage},
    },
};

pub(super) fn held(language: Language, pages: &mut Pages) {
    let frame = || PageFrame { here: Here::Target, ..frame(language) };
    let page = |waits_for| HeldPage {
        frame: frame(),
        id: "mfrggzdfmztwq2lknnwg23tpoa".to_owned(),
        action: "/orders/1042/ship?from=list&tab=items".to_owned(),
        path: "/orders/1042/ship".to_owned(),
        kept_at: NOW,
        until: minutes(15),
        waits_for,
        back: "/orders/1042".to_owned(),
    };
    let address = || "/.sekisho/fresh?to=c2VhbGVk".to_owned();
    for (state, waits_for) in [
        ("first", HeldWaitsFor::Word),
        ("code", HeldWaitsFor::Code(address())),
        ("password", HeldWaitsFor::Password(address())),
        ("refused", HeldWaitsFor::Nothing),
    ] {
        pages.add("held", state, &page(waits_for));
    }
    for (state, over) in [
        ("gone", HeldOver::Gone),
        ("sent", HeldOver::Sent(minutes(2))),
        ("other", HeldOver::SomebodyElses(minutes(15))),
    ] {
        pages.add("held-over", state, &HeldOverPage { frame: frame(), over });
    }
    for (state, stopped) in [
        ("kept", StoppedForm::KeptUntil(minutes(15))),
        ("too-large", StoppedForm::TooLarge),
        ("not-kept", StoppedForm::NotKept),
    ] {
        let frame = PageFrame { here: Here::SignIn, stopped: Some(stopped), ..frame() };
        let notice = Some(SignInNotice::SessionExpired { minutes: 60 });
        pages.add("sign-in", state, &SignInPage { frame, notice, user_name: String::new() });
    }
}
