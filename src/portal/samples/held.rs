//! What becomes of a form that was sent when its session had ended.

use super::{NOW, Pages, frame, minutes};
use crate::{
    language::Language,
    portal::{
        held::{HeldDiscardPage, HeldFile, HeldOver, HeldOverPage, HeldPage, HeldWaitsFor, ShownHeld, StoppedForm},
        held_contents::Contents,
        page::{Here, PageFrame},
        sign_in::{SignInNotice, SignInPage},
    },
};

const BODY: &str = "carrier=%E3%83%A4%E3%83%9E%E3%83%88%E9%81%8B%E8%BC%B8&tracking=1234-5678-9012&memo=%E6%A2%B1%E5%8C%85%E3%81%AF%E4%BA%8C%E9%87%8D%E3%81%A7%0D%0AFragile&gift=&csrf_token=abc";
const FILES: &str = "--b\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nNovember\r\n\
                     --b\r\nContent-Disposition: form-data; name=\"list\"; filename=\"products-2026-11.csv\"\r\n\r\n\
                     a,b,c\r\n--b--\r\n";

/// Two that wait.
pub(super) fn kept() -> Vec<ShownHeld> {
    let one = |path: &str, until| ShownHeld {
        address: "/.sekisho/held?id=mfrggzdfmztwq2lknnwg23tpoa".to_owned(),
        path: path.to_owned(),
        until,
    };
    vec![one("/orders/1042/ship", minutes(15)), one("/products/import", minutes(9))]
}

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
        contents: Contents::read("application/x-www-form-urlencoded", BODY.as_bytes()),
        file: HeldFile::Lines,
    };
    let files = Contents::read("multipart/form-data; boundary=b", FILES.as_bytes());
    pages.add("held", "files", &HeldPage { contents: files, file: HeldFile::Raw, ..page(HeldWaitsFor::Word) });
    let many: Vec<String> = (1..=130).map(|n| format!("product[{n}][price]={}", n * 980)).collect();
    let many = Contents::read("application/x-www-form-urlencoded", many.join("&").as_bytes());
    pages.add("held", "many", &HeldPage { contents: many, ..page(HeldWaitsFor::Word) });
    let text = Contents::read("text/plain", "A note of several lines,\nas it was typed.".as_bytes());
    pages.add("held", "text", &HeldPage { contents: text, file: HeldFile::Text, ..page(HeldWaitsFor::Word) });
    let empty = Contents::read("text/plain", b"");
    pages.add("held", "empty", &HeldPage { contents: empty, file: HeldFile::Text, ..page(HeldWaitsFor::Word) });
    let (path, address) = ("/orders/1042/ship".to_owned(), "/.sekisho/held?id=mfrggzdfmztwq2lknnwg23tpoa".to_owned());
    pages.add("held-discard", "first", &HeldDiscardPage { frame: frame(), path, address });
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
        ("discarded", HeldOver::Discarded),
        ("none", HeldOver::Nothing),
        ("several", HeldOver::Several),
    ] {
        let kept = if matches!(over, HeldOver::Several | HeldOver::Sent(_)) { kept() } else { Vec::new() };
        pages.add("held-over", state, &HeldOverPage { frame: frame(), over, target: "/".to_owned(), kept });
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
