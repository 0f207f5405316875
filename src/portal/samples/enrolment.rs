//! Setting up the pair.

use super::{Pages, app, frame, minutes, sms, voice};
use crate::{
    access::Unreachable,
    account::{MethodKind, PairError, PhoneError, Role},
    app::{Delivery, KnownNumber, TypedNumber, Unchoosable},
    authn::{Grace, OpenedBy},
    clock::Timestamp,
    language::Language,
    portal::{
        challenge::CodeError,
        choice::{ChooseError, ChoosePage, KindOption, TypedChoice},
        code_help::WhyNot,
        enrolment::{
            EnrolDonePage, EnrolIntroPage, EnrolTicketPage, ProveAppPage, ProvePhonePage, ShownSeed, TicketError,
        },
        page::{Here, PageFrame},
        rollout::EnablePage,
        sign_in::SignInNotice,
    },
};

#[expect(clippy::too_many_lines, reason = "a list of pages")]
pub(super) fn enrolment(language: Language, pages: &mut Pages) {
    let frame = || PageFrame { here: Here::Enrolment, ..frame(language) };
    for (state, error) in
        [("first", None), ("wrong", Some(TicketError::Wrong)), ("expired", Some(TicketError::Expired))]
    {
        pages.add("ticket", state, &EnrolTicketPage { frame: frame(), error });
    }
    pages.add("enrol-intro", "first", &EnrolIntroPage { frame: frame(), opened_by: OpenedBy::Password, grace: None });
    pages.add(
        "enrol-intro",
        "recovered",
        &EnrolIntroPage { frame: frame(), opened_by: OpenedBy::Recovery, grace: None },
    );
    pages.add("enrol-intro", "ticket", &EnrolIntroPage { frame: frame(), opened_by: OpenedBy::Ticket, grace: None });
    for laters_left in [3, 1, 0] {
        let grace = Some(Grace { deadline: Timestamp::from_secs(1_796_569_200), laters_left });
        pages.add(
            "enrol-intro",
            &format!("later-{laters_left}"),
            &EnrolIntroPage { frame: frame(), opened_by: OpenedBy::Password, grace },
        );
    }
    for (state, notice) in [
        ("first", None),
        ("wrong", Some(SignInNotice::BadCredentials)),
        ("missing", Some(SignInNotice::CredentialsMissing)),
        ("wait", Some(SignInNotice::WaitUntil(minutes(4)))),
        ("busy", Some(SignInNotice::Busy)),
    ] {
        let (user, target) = ("hanako".to_owned(), "/orders/1042".to_owned());
        let frame = PageFrame { here: Here::Enable, ..frame() };
        pages.add("enable", state, &EnablePage { frame, user, notice, target });
    }

    let kinds = |nots: [Option<Unchoosable>; 3]| -> Vec<KindOption> {
        MethodKind::ALL.into_iter().zip(nots).map(|(kind, not)| KindOption { kind, not }).collect()
    };
    let choose = |primary, nots| ChoosePage {
        frame: frame(),
        replacing: None,
        primary,
        options: kinds(nots),
        known: Vec::new(),
        typed: TypedChoice::default(),
        error: None,
    };
    let not_offered = Some(Unchoosable::NotOffered);
    pages.add("choose-primary", "first", &choose(None, [None, None, None]));
    pages.add("choose-primary", "app-only", &choose(None, [None, not_offered, not_offered]));
    let known = ["78", "56"].into_iter().enumerate();
    let known = known.map(|(place, digits)| KnownNumber { place, last_two: digits.to_owned() }).collect();
    pages.add("choose-primary", "imported", &ChoosePage { known, ..choose(None, [None, None, None]) });
    let app_twice = Some(Unchoosable::Pair(PairError::AppTwice));
    pages.add("choose-backup", "app-primary", &choose(Some(app()), [app_twice, None, None]));
    pages.add("choose-backup", "sms-primary", &choose(Some(sms()), [None, None, None]));
    for (state, kind, phone, error) in [
        ("nothing", None, "", ChooseError::Nothing),
        ("empty", Some(MethodKind::Sms), "", ChooseError::Phone(PhoneError::Empty)),
        ("not-a-number", Some(MethodKind::Sms), "090-12", ChooseError::Phone(PhoneError::NotANumber)),
        ("refused", Some(MethodKind::Voice), "0120-444-444", ChooseError::Phone(PhoneError::KindRefused)),
        ("country", Some(MethodKind::Sms), "+44 7400 123456", ChooseError::Unreachable(Unreachable::Country)),
        ("not-reached", Some(MethodKind::Sms), "090-1234-5678", ChooseError::Unreachable(Unreachable::Prefix)),
        ("extension-bad", Some(MethodKind::Voice), "03-1234-5678 内線x", ChooseError::Phone(PhoneError::Extension)),
        ("landline", Some(MethodKind::Sms), "03-1234-5678", ChooseError::Pair(PairError::LandlineSms)),
        ("voip", Some(MethodKind::Sms), "050-1234-5678", ChooseError::Pair(PairError::VoipSms)),
        ("extension", Some(MethodKind::Sms), "090-1234-5678 内線12", ChooseError::Pair(PairError::ExtensionSms)),
        ("same-number", Some(MethodKind::Voice), "090-1234-5678", ChooseError::Pair(PairError::SameNumber)),
        ("app-twice", Some(MethodKind::App), "", ChooseError::Pair(PairError::AppTwice)),
        ("label", Some(MethodKind::Voice), "03-1234-5678", ChooseError::Label),
        ("not-offered", Some(MethodKind::Sms), "", ChooseError::NotOffered(MethodKind::Sms)),
        ("wait", Some(MethodKind::Sms), "090-1234-5678", ChooseError::Wait(minutes(2))),
        ("no-more", Some(MethodKind::Sms), "090-1234-5678", ChooseError::NoMoreSends(minutes(120))),
    ] {
        let typed = TypedChoice { kind, phone: phone.to_owned(), ..TypedChoice::default() };
        let page = choose(Some(sms()), [None, None, None]);
        pages.add("choose-backup", state, &ChoosePage { typed, error: Some(error), ..page });
    }

    let key = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP".to_owned();
    let uri = format!("otpauth://totp/Seller%20Console:hanako?secret={key}&issuer=Seller%20Console");
    let prove_app = |role, error| {
        let seed = ShownSeed { uri: uri.clone(), key: key.clone() };
        ProveAppPage { frame: frame(), role, seed, error }
    };
    pages.add("prove-app", "primary", &prove_app(Role::Primary, None));
    pages.add(
        "prove-app",
        "backup-wrong",
        &prove_app(Role::Backup, Some(CodeError::Wrong { tries_left: Some(3), minutes_slow: None })),
    );
    let prove_phone = |method, send_again| ProvePhonePage {
        frame: frame(),
        role: Role::Primary,
        method,
        typed: None,
        valid_until: minutes(5),
        send_again,
        sent_again: false,
        delivery: Some(Delivery::Sent),
        error: None,
    };
    let wait = Some(WhyNot::Until(minutes(1)));
    let typed = |number: &str, extension: Option<&str>| {
        Some(TypedNumber { number: number.to_owned(), extension: extension.map(str::to_owned) })
    };
    let number = typed("090-1234-5678", None);
    pages.add("prove-sms", "first", &ProvePhonePage { typed: number, ..prove_phone(sms(), wait) });
    pages.add("prove-sms", "imported", &prove_phone(sms(), wait));
    pages.add("prove-sms", "no-more", &prove_phone(sms(), Some(WhyNot::NoMoreSends(minutes(120)))));
    pages.add("prove-sms", "sent-again", &ProvePhonePage { sent_again: true, ..prove_phone(sms(), None) });
    let voice = ProvePhonePage {
        role: Role::Backup,
        error: Some(CodeError::Wrong { tries_left: None, minutes_slow: None }),
        typed: typed("03-1234-5656", Some("12")),
        ..prove_phone(voice(language), None)
    };
    pages.add("prove-voice", "wrong", &voice);
    let error = Some(CodeError::Paused(minutes(15)));
    pages.add("prove-sms", "paused", &ProvePhonePage { error, ..prove_phone(sms(), wait) });
    let unanswered = Some(Delivery::Unanswered);
    pages.add("prove-voice", "first", &ProvePhonePage { send_again: wait, error: None, ..voice });
    let rang = prove_phone(self::voice(language), None);
    pages.add("prove-voice", "unanswered", &ProvePhonePage { delivery: unanswered, ..rang });
    let (primary, backup, target) = (app(), self::voice(language), "/orders/1042?tab=items".to_owned());
    pages.add("enrol-done", "first", &EnrolDonePage { frame: frame(), primary, backup, target, codes_made_at: None });
}
