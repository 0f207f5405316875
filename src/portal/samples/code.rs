//! The code page and "Didn't receive the code?".

use super::{NOW, Pages, app, frame, minutes, sms, voice};
use crate::{
    account::{MethodKind, Role},
    app::{Delivery, RecoveryCodeState, SendAvailability},
    authn::CodeReason,
    language::Language,
    portal::{
        challenge::{CodeError, CodeNotice, CodePage, CodeStage},
        code_help::{CodeHelpPage, Way, WayOption, WhyNot, not_sending},
        fresh::FreshPage,
        page::{Here, PageFrame, ShownMethod},
        switched_off::SwitchedOffPage,
    },
};

/// What may have become of a message.
fn deliveries() -> [(&'static str, Delivery); 7] {
    [
        ("queued", Delivery::Queued),
        ("sent", Delivery::Sent),
        ("failed", Delivery::Failed),
        ("notsms", Delivery::NotSms),
        ("refused", Delivery::Refused),
        ("delivered", Delivery::Delivered(minutes(0))),
        ("undelivered", Delivery::Undelivered),
    ]
}

pub(super) fn code(language: Language, pages: &mut Pages) {
    let page = |method: ShownMethod, other: ShownMethod| CodePage {
        frame: PageFrame { here: Here::Code, ..frame(language) },
        stage: CodeStage::Enter { valid_until: (method.kind != MethodKind::App).then(|| minutes(5)) },
        method,
        role: Role::Primary,
        other,
        reason: CodeReason::NewBrowser,
        error: None,
        notice: None,
        trust_days: Some(30),
        trust_ticked: false,
        again: None,
        delivery: None,
        supersedes: false,
        elsewhere: false,
        other_works: true,
        shared: false,
        wanted: None,
        cancel: None,
    };
    let (by_app, by_sms) = (|| page(app(), voice(language)), || page(sms(), app()));
    let by_voice = || CodePage { role: Role::Backup, ..page(voice(language), app()) };
    pages.add("code", "app", &by_app());
    pages.add("code", "sms", &by_sms());
    pages.add("code", "voice", &by_voice());
    pages.add("code", "trust-ended", &CodePage { reason: CodeReason::TrustEnded(NOW), trust_ticked: true, ..by_app() });
    pages.add("code", "shared", &CodePage { shared: true, ..by_app() });
    pages.add("code", "trust-void", &CodePage { reason: CodeReason::TrustVoid, ..by_app() });
    for (state, error) in [
        ("wrong", CodeError::Wrong { tries_left: None, minutes_slow: None }),
        ("wrong-twice", CodeError::Wrong { tries_left: Some(3), minutes_slow: None }),
        ("wrong-last", CodeError::Wrong { tries_left: Some(1), minutes_slow: None }),
        ("expired-typed", CodeError::Expired),
        ("reused", CodeError::Reused),
        ("not-six", CodeError::NotSixDigits),
    ] {
        pages.add("code", &format!("app-{state}"), &CodePage { error: Some(error), ..by_app() });
        pages.add("code", &format!("sms-{state}"), &CodePage { error: Some(error), ..by_sms() });
    }
    let wanted = || frame(language).say("wanted-page", &[("what", "/payouts".into())]);
    let fresh = |page: CodePage| CodePage {
        frame: PageFrame { here: Here::Fresh, errand: "c2VhbGVk".to_owned(), ..frame(language) },
        reason: CodeReason::FreshCode,
        wanted: Some(wanted()),
        cancel: Some("/.sekisho/settings".to_owned()),
        ..page
    };
    pages.add("code", "fresh-app", &fresh(by_app()));
    pages.add("code", "fresh-sms", &fresh(by_sms()));
    for (state, method) in [("app", app()), ("sms", sms()), ("voice", voice(language))] {
        let frame = PageFrame { here: Here::Fresh, errand: "c2VhbGVk".to_owned(), ..frame(language) };
        pages.add(
            "fresh",
            state,
            &FreshPage { frame, method, wanted: wanted(), cancel: "/.sekisho/settings".to_owned(), within: None },
        );
    }
    pages.add("code", "sent-again", &CodePage { notice: Some(CodeNotice::SentAgain), ..by_sms() });
    let slow = Some(CodeError::Wrong { tries_left: Some(3), minutes_slow: Some(7) });
    pages.add("code", "clock-slow", &CodePage { error: slow, ..by_app() });
    let until = SendAvailability::From(minutes(1));
    let again = not_sending(until);
    for (state, role, method) in [("first", Role::Primary, app()), ("backup", Role::Backup, voice(language))] {
        let frame = PageFrame { here: Here::Rebind, ..frame(language) };
        let off = vec![(role, ShownMethod { label: None, ..method })];
        pages.add("switched-off", state, &SwitchedOffPage { frame, off, target: "/orders/1042".to_owned() });
    }
    for (state, delivery) in deliveries() {
        pages.add("code", &format!("sms-{state}"), &CodePage { again, delivery: Some(delivery), ..by_sms() });
        pages.add("code", &format!("voice-{state}"), &CodePage { again, delivery: Some(delivery), ..by_voice() });
    }
    let unanswered = || CodePage { delivery: Some(Delivery::Unanswered), ..by_voice() };
    pages.add("code", "voice-unanswered", &unanswered());
    pages.add("code", "voice-unanswered-wait", &CodePage { again, ..unanswered() });
    pages.add("code", "voice-unanswered-alone", &CodePage { again, other_works: false, ..unanswered() });
    pages.add("code", "newest-counts", &CodePage { again, supersedes: true, ..by_sms() });
    pages.add("code", "elsewhere", &CodePage { again, elsewhere: true, ..by_sms() });
    let not_yet = Some(CodeNotice::NotYet(minutes(1)));
    pages.add("code", "not-yet", &CodePage { notice: not_yet, again, ..by_sms() });
    pages.add("code", "switched", &CodePage { notice: Some(CodeNotice::Switched), ..by_voice() });
    let no_code = |sent, send, other_works| CodeStage::NoCode { sent, send, other_works };
    for (state, stage) in [
        ("expired", no_code(true, SendAvailability::Now, true)),
        ("expired-wait", no_code(true, SendAvailability::From(minutes(2)), true)),
        ("unsent", no_code(false, SendAvailability::Now, true)),
        ("unsent-wait", no_code(false, SendAvailability::From(minutes(2)), true)),
        ("no-more-sends", no_code(true, SendAvailability::Exhausted(minutes(120)), true)),
        ("blocked", no_code(false, SendAvailability::Blocked, true)),
        ("nothing-works", no_code(true, SendAvailability::Exhausted(minutes(120)), false)),
        ("paused", CodeStage::Paused { until: minutes(15), other_works: true }),
        ("paused-both", CodeStage::Paused { until: minutes(15), other_works: false }),
        ("disabled", CodeStage::Disabled { other_works: true }),
    ] {
        pages.add("code", state, &CodePage { stage, ..by_sms() });
        pages.add("code", &format!("backup-{state}"), &CodePage { stage, ..by_voice() });
    }
}

pub(super) fn help(language: Language, pages: &mut Pages) {
    let page = |kind, ways| CodeHelpPage {
        frame: PageFrame { here: Here::CodeHelp, ..frame(language) },
        kind,
        ways,
        signs_in: true,
        recovery_code: RecoveryCodeState::Left(9),
    };
    let option = |way, method, not| WayOption { way, method, not };
    let again = |method: ShownMethod, not| option(Way::SendAgain, method, not);
    let backup = |not| option(Way::Role(Role::Backup), voice(language), not);
    let call = |not| option(Way::Channel(MethodKind::Voice), sms().by(MethodKind::Voice), not);
    let text = |not| option(Way::Channel(MethodKind::Sms), voice(language).by(MethodKind::Sms), not);
    let app_backup = || option(Way::Role(Role::Backup), app(), None);
    let primary = |not| option(Way::Role(Role::Primary), sms(), not);
    let until = Some(WhyNot::Until(minutes(1)));
    pages.add("help-app", "first", &page(MethodKind::App, vec![backup(None)]));
    pages.add("help-app", "paused", &page(MethodKind::App, vec![backup(Some(WhyNot::Paused(minutes(12))))]));
    pages.add("help-app", "disabled", &page(MethodKind::App, vec![backup(Some(WhyNot::Disabled))]));
    pages.add("help", "sms", &page(MethodKind::Sms, vec![again(sms(), None), call(None), app_backup()]));
    pages.add("help", "sms-wait", &page(MethodKind::Sms, vec![again(sms(), until), call(until), app_backup()]));
    let none = Some(WhyNot::NoMoreSends(minutes(120)));
    pages.add("help", "sms-no-more", &page(MethodKind::Sms, vec![again(sms(), none), call(none), app_backup()]));
    let blocked = Some(WhyNot::Blocked);
    pages.add("help", "sms-blocked", &page(MethodKind::Sms, vec![again(sms(), blocked), call(blocked), app_backup()]));
    let no_voice = Some(WhyNot::VoiceNotOffered);
    pages.add("help", "no-voice", &page(MethodKind::Sms, vec![again(sms(), None), call(no_voice), app_backup()]));
    for (state, not) in [
        ("voice", None),
        ("landline", Some(WhyNot::Landline)),
        ("voip", Some(WhyNot::Voip)),
        ("extension", Some(WhyNot::Extension)),
        ("no-sms", Some(WhyNot::SmsNotOffered)),
    ] {
        let ways = vec![again(voice(language), None), text(not), primary(None)];
        pages.add("help", state, &page(MethodKind::Voice, ways));
    }
}
