//! Every page in every state, with values as they occur. The tests of the pages and the screenshots go through these.

use std::{sync::Arc, time::Duration};

use askama::Template;

use super::{
    challenge::{
        CodeError, CodeHelpPage, CodeNotice, CodePage, CodeStage, SwitchedOffPage, Way, WayOption, WhyNot, not_sending,
    },
    enrolment::{
        ChooseError, ChoosePage, EnrolDonePage, EnrolIntroPage, EnrolLinkPage, EnrolTicketPage, EnrolmentLinkNews,
        KindOption, ProveAppPage, ProvePhonePage, ShownReplacing, ShownSeed, TicketError, TypedChoice,
    },
    error::{ErrorPage, Problem, TopLevelPage},
    fresh::FreshPage,
    guides::{Guide, GuidePage, Lengths},
    links::{LinkPage, LinkStage},
    page::{Here, PageFrame, ShownMethod, Site, html},
    password_reset::{PasswordResetPage, ResetNews},
    recovery::RecoveryPage,
    recovery_codes::{RecoveryCodeError, RecoveryCodePage, RecoveryCodesPage, ShownCodes},
    rollout::EnablePage,
    settings::{MethodPage, PasswordPage, Refused, SettingsNews, SettingsPage},
    sign_in::{SignInNotice, SignInPage, SignOutPage, SignedInPage},
    users::{
        GroupBox, InvitedOverPage, InvitedPage, SettingsPeople, ShownInvitation, ShownUser, TypedInvitation,
        UserEditPage, UserRemovePage, UsersNews, UsersPage, UsersRefusedPage,
    },
};
use crate::{
    account::{MethodKind, PairError, PhoneError, Role},
    app::recovery::RequestView,
    app::{Delivery, DeviceRow, MethodRow, SendAvailability, SessionRow, SettingsView, Unchoosable},
    authn::recovery::{Receipt, RecoveryStage},
    authn::{CodeReason, Grace, PasswordProblem},
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
    code(language, &mut pages);
    help(language, &mut pages);
    enrolment(language, &mut pages);
    settings(language, &mut pages);
    users(language, &mut pages);
    errors(language, &mut pages);
    guides(language, &mut pages);
    recovery(language, &mut pages);
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
        &SignedInPage { frame: frame(language), user: user.clone(), target: target.clone(), owner: false },
    );
    let page = SignedInPage { frame: frame(language), user: user.clone(), target: target.clone(), owner: true };
    pages.add("signed-in", "owner", &page);
    pages.add("sign-out", "first", &SignOutPage { frame: frame(language), target });
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

fn code(language: Language, pages: &mut Pages) {
    let page = |method: ShownMethod, other: ShownMethod| CodePage {
        frame: PageFrame { here: Here::Code, ..frame(language) },
        stage: CodeStage::Enter { valid_until: (method.kind != MethodKind::App).then(|| minutes(5)) },
        method,
        role: Role::Primary,
        other,
        reason: CodeReason::NewBrowser,
        error: None,
        notice: None,
        trust_days: 30,
        trust_ticked: false,
        again: None,
        delivery: None,
        shared: false,
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
    let fresh = |page: CodePage| CodePage {
        frame: PageFrame { here: Here::Fresh, errand: "c2VhbGVk".to_owned(), ..frame(language) },
        reason: CodeReason::FreshCode,
        cancel: Some("/.sekisho/settings".to_owned()),
        ..page
    };
    pages.add("code", "fresh-app", &fresh(by_app()));
    pages.add("code", "fresh-sms", &fresh(by_sms()));
    for (state, method) in [("app", app()), ("sms", sms()), ("voice", voice(language))] {
        let frame = PageFrame { here: Here::Fresh, errand: "c2VhbGVk".to_owned(), ..frame(language) };
        pages.add("fresh", state, &FreshPage { frame, method, cancel: "/.sekisho/settings".to_owned() });
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
    for (state, delivery) in [("queued", Delivery::Queued), ("sent", Delivery::Sent), ("failed", Delivery::Failed)] {
        pages.add("code", &format!("sms-{state}"), &CodePage { again, delivery: Some(delivery), ..by_sms() });
        pages.add("code", &format!("voice-{state}"), &CodePage { again, delivery: Some(delivery), ..by_voice() });
    }
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
        ("nothing-works", no_code(true, SendAvailability::Exhausted(minutes(120)), false)),
        ("paused", CodeStage::Paused { until: minutes(15), other_works: true }),
        ("paused-both", CodeStage::Paused { until: minutes(15), other_works: false }),
        ("disabled", CodeStage::Disabled { other_works: true }),
    ] {
        pages.add("code", state, &CodePage { stage, ..by_sms() });
        pages.add("code", &format!("backup-{state}"), &CodePage { stage, ..by_voice() });
    }
}

fn help(language: Language, pages: &mut Pages) {
    let page = |kind, ways| CodeHelpPage {
        frame: PageFrame { here: Here::CodeHelp, ..frame(language) },
        kind,
        ways,
        signs_in: true,
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

fn enrolment(language: Language, pages: &mut Pages) {
    let frame = || PageFrame { here: Here::Enrolment, ..frame(language) };
    for (state, error) in
        [("first", None), ("wrong", Some(TicketError::Wrong)), ("expired", Some(TicketError::Expired))]
    {
        pages.add("ticket", state, &EnrolTicketPage { frame: frame(), error });
    }
    pages.add("enrol-intro", "first", &EnrolIntroPage { frame: frame(), grace: None });
    for laters_left in [3, 1] {
        let grace = Some(Grace { deadline: Timestamp::from_secs(1_796_569_200), laters_left });
        pages.add("enrol-intro", &format!("later-{laters_left}"), &EnrolIntroPage { frame: frame(), grace });
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
        typed: TypedChoice::default(),
        error: None,
    };
    let not_offered = Some(Unchoosable::NotOffered);
    pages.add("choose-primary", "first", &choose(None, [None, None, None]));
    pages.add("choose-primary", "app-only", &choose(None, [None, not_offered, not_offered]));
    let app_twice = Some(Unchoosable::Pair(PairError::AppTwice));
    pages.add("choose-backup", "app-primary", &choose(Some(app()), [app_twice, None, None]));
    pages.add("choose-backup", "sms-primary", &choose(Some(sms()), [None, None, None]));
    for (state, kind, phone, error) in [
        ("nothing", None, "", ChooseError::Nothing),
        ("empty", Some(MethodKind::Sms), "", ChooseError::Phone(PhoneError::Empty)),
        ("not-a-number", Some(MethodKind::Sms), "090-12", ChooseError::Phone(PhoneError::NotANumber)),
        ("refused", Some(MethodKind::Voice), "0120-444-444", ChooseError::Phone(PhoneError::KindRefused)),
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
        let typed = TypedChoice { kind, phone: phone.to_owned(), label: String::new() };
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
        valid_until: minutes(5),
        send_again,
        sent_again: false,
        delivery: Some(Delivery::Sent),
        error: None,
    };
    pages.add("prove-sms", "first", &prove_phone(sms(), Some(WhyNot::Until(minutes(1)))));
    pages.add("prove-sms", "no-more", &prove_phone(sms(), Some(WhyNot::NoMoreSends(minutes(120)))));
    let again = ProvePhonePage { sent_again: true, ..prove_phone(sms(), None) };
    pages.add("prove-sms", "sent-again", &again);
    let wait = Some(WhyNot::Until(minutes(1)));
    let voice = ProvePhonePage {
        role: Role::Backup,
        error: Some(CodeError::Wrong { tries_left: None, minutes_slow: None }),
        ..prove_phone(voice(language), None)
    };
    pages.add("prove-voice", "wrong", &voice);
    pages.add("prove-voice", "first", &ProvePhonePage { send_again: wait, error: None, ..voice });
    let (primary, backup, target) = (app(), self::voice(language), "/orders/1042?tab=items".to_owned());
    pages.add("enrol-done", "first", &EnrolDonePage { frame: frame(), primary, backup, target });
}

fn settings_view(language: Language) -> SettingsView {
    use crate::account::{
        Account, AccountId, CredentialVersion, Label, Method, MethodId, PhoneNumber, Target, UserName,
    };
    use crate::session::{DeviceId, DeviceLabel, SecondStep, SessionId};
    use crate::store::{Happened, HistoryEvent, HistoryLine};
    let entropy = crate::entropy::SystemEntropy::new();
    let days = |n: u64| NOW - Duration::from_hours(24 * n);
    let label = |ja: &str, en: &str| Label::parse(if language == Language::Ja { ja } else { en }).unwrap();
    let row = |role, target, label, last_used_at| MethodRow {
        role,
        method: Method { id: MethodId::random(&entropy), target, label, added_at: days(111), last_used_at },
        paused_until: None,
        disabled: false,
    };
    let number = PhoneNumber::parse("03-1234-5656", "JP").unwrap();
    let account = AccountId::random(&entropy);
    let browser = |text: &str| DeviceLabel::new(text);
    let device = |text, last_used_at, expires_at, here| DeviceRow {
        id: DeviceId::random(&entropy),
        label: browser(text),
        issued_at: expires_at - Duration::from_hours(30 * 24),
        last_used_at,
        expires_at,
        here,
    };
    let session = |text, created_at, second_step, here| SessionRow {
        id: SessionId::random(&entropy),
        browser: browser(text),
        created_at,
        last_used_at: NOW,
        second_step,
        here,
    };
    let line = |what, text, network: &str, at, times| HistoryLine {
        event: HistoryEvent { account, what, browser: browser(text), network: network.to_owned(), at },
        first_at: at,
        times,
    };
    let app = SecondStep::Code(MethodKind::App);
    SettingsView {
        account: Account {
            id: account,
            user_name: UserName::parse("hanako").unwrap(),
            email: None,
            display_name: None,
            groups: vec![],
            language,
            disabled: false,
            credential_version: CredentialVersion(1),
            created_at: days(111),
        },
        methods: Some([
            row(
                Role::Primary,
                Target::App(crate::secret::SecretBytes::new(*b"12345678901234567890")),
                label("スマートフォン", "My phone"),
                Some(NOW),
            ),
            row(Role::Backup, Target::Voice(number), label("会社の電話", "Office phone"), None),
        ]),
        devices: vec![
            device("Chrome (Windows)", NOW, days(0) + Duration::from_hours(30 * 24), true),
            device("Safari (iPhone)", days(4), days(0) + Duration::from_hours(26 * 24), false),
        ],
        sessions: vec![
            session("Chrome (Windows)", minutes(0), app, true),
            session("Safari (iPhone)", days(0) - Duration::from_hours(2), SecondStep::TrustedDevice, false),
        ],
        history: vec![
            line(Happened::SignedIn(app), "Chrome (Windows)", "203.0.113.*", NOW, 1),
            line(Happened::WrongPassword, "Firefox (Linux)", "198.51.100.*", days(1), 12),
            line(Happened::WrongCode(MethodKind::Voice), "", "2001:db8:1:22*", days(2), 1),
            line(Happened::DeviceReplayed, "Chrome (Windows)", "203.0.113.*", days(3), 1),
            line(Happened::SignedIn(SecondStep::TrustedDevice), "Safari (iPhone)", "203.0.113.*", days(400), 1),
        ],
    }
}

fn settings(language: Language, pages: &mut Pages) {
    let frame = |here| PageFrame { here, ..frame(language) };
    let page = |view, news| SettingsPage {
        frame: frame(Here::Settings),
        view,
        news,
        people: SettingsPeople::default(),
        target: "/orders".to_owned(),
    };
    for (state, people) in [
        ("owner", SettingsPeople { owner: true, ..SettingsPeople::default() }),
        ("shared", SettingsPeople { shared: true, can_ask: true, ..SettingsPeople::default() }),
        ("asked", SettingsPeople { shared: true, news: Some(UsersNews::Asked), ..SettingsPeople::default() }),
        (
            "asked-before",
            SettingsPeople { shared: true, news: Some(UsersNews::AskedBefore), ..SettingsPeople::default() },
        ),
    ] {
        pages.add("settings", state, &SettingsPage { people, ..page(settings_view(language), None) });
    }
    let view = || settings_view(language);
    pages.add("settings", "first", &page(view(), None));
    for (state, news) in [
        ("swapped", SettingsNews::Swapped),
        ("renamed", SettingsNews::Renamed),
        ("replaced", SettingsNews::Replaced),
        ("trust-ended", SettingsNews::TrustEnded),
        ("all-trust-ended", SettingsNews::AllTrustEnded),
        ("session-ended", SettingsNews::SessionEnded),
        ("others-ended", SettingsNews::OthersEnded),
        ("language", SettingsNews::LanguageChanged),
        ("password", SettingsNews::PasswordChanged),
        ("stale", SettingsNews::Stale),
        ("too-many", SettingsNews::TooManyTries),
        ("locked", SettingsNews::LockedUntil(minutes(90))),
    ] {
        pages.add("settings", state, &page(view(), Some(news)));
    }
    let SettingsView { account, sessions, .. } = view();
    let bare = SettingsView { account, methods: None, devices: vec![], sessions, history: vec![] };
    pages.add("settings", "bare", &page(SettingsView { sessions: bare.sessions[..1].to_vec(), ..bare }, None));
    let mut ill = view();
    for (row, paused_until) in ill.methods.iter_mut().flatten().zip([None, Some(minutes(15))]) {
        (row.paused_until, row.disabled) = (paused_until, paused_until.is_none());
    }
    pages.add("settings", "ill", &page(ill.clone(), None));

    for (name, rows) in [("first", view().methods), ("ill", ill.methods)] {
        for row in rows.into_iter().flatten() {
            let (frame, place) = (frame(Here::Method(row.role)), row.role.as_str());
            pages.add(&format!("settings-{place}"), name, &MethodPage { frame, row, news: None });
        }
    }
    let [row, _] = view().methods.unwrap();
    let news = Some(SettingsNews::LabelBad);
    pages.add("settings-primary", "label", &MethodPage { frame: frame(Here::Method(Role::Primary)), row, news });

    let password = |news| PasswordPage { frame: frame(Here::Password), user: "hanako".to_owned(), news };
    pages.add("settings-password", "first", &password(None));
    for (state, news) in [
        ("wrong", SettingsNews::WrongPassword),
        ("wrong-and-short", SettingsNews::BothPasswordsBad(Refused::TooShort)),
        ("wait", SettingsNews::PasswordWait(minutes(2))),
        ("missing", SettingsNews::PasswordMissing),
        ("differ", SettingsNews::PasswordsDiffer),
        ("short", SettingsNews::PasswordRefused(Refused::TooShort)),
        ("long", SettingsNews::PasswordRefused(Refused::TooLong)),
        ("common", SettingsNews::PasswordRefused(Refused::Common)),
        ("names", SettingsNews::PasswordRefused(Refused::Names)),
    ] {
        pages.add("settings-password", state, &password(Some(news)));
    }

    let app_twice = Some(Unchoosable::Pair(PairError::AppTwice));
    for (role, old, stays, nots) in [
        (Role::Primary, sms(), app(), [app_twice, None, None]),
        (Role::Backup, voice(language), app(), [app_twice, None, None]),
        (Role::Primary, app(), sms(), [None, None, None]),
    ] {
        let options = MethodKind::ALL.into_iter().zip(nots).map(|(kind, not)| KindOption { kind, not }).collect();
        let state = if nots[0].is_some() { "app-stays" } else { "same-number" };
        let typed =
            TypedChoice { kind: Some(MethodKind::Voice), phone: "090-1234-5678".to_owned(), label: String::new() };
        let choose = ChoosePage {
            frame: frame(Here::Replacement),
            replacing: Some(ShownReplacing { role, old, stays }),
            primary: None,
            options,
            typed: if nots[0].is_some() { TypedChoice::default() } else { typed },
            error: nots[0].is_none().then_some(ChooseError::Pair(PairError::SameNumber)),
        };
        pages.add(&format!("replace-{}", role.as_str()), state, &choose);
    }
    let prove = ProvePhonePage {
        frame: frame(Here::Replacement),
        role: Role::Primary,
        method: sms(),
        valid_until: minutes(5),
        send_again: None,
        sent_again: false,
        delivery: None,
        error: None,
    };
    pages.add("prove-sms", "replace", &prove);
}

fn users(language: Language, pages: &mut Pages) {
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
        seller: seller(),
        users: vec![
            ShownUser { owner: true, me: true, ..user("hanako", Some("山田 花子")) },
            ShownUser { shared: true, ..user("shop", None) },
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
        ("name", UsersNews::Name),
        ("name-taken", UsersNews::NameTaken),
        ("email-taken", UsersNews::EmailTaken),
        ("differ", UsersNews::Differ),
        ("short", UsersNews::PasswordShort),
        ("common", UsersNews::PasswordCommon),
        ("too-many", UsersNews::TooMany(NOW + Duration::from_hours(3))),
    ] {
        pages.add("invited", state, &invited(Some(news), "jiro"));
    }
    pages.add("invited-over", "first", &InvitedOverPage { frame: frame() });
}

fn recovery(language: Language, pages: &mut Pages) {
    let frame = || PageFrame { here: Here::Link, ..frame(language) };
    let link = |stage| LinkPage { frame: frame(), stage };
    pages.add("link-not-me", "first", &link(LinkStage::NotMe));
    pages.add("link-frozen", "first", &link(LinkStage::Frozen));
    let user = || "hanako".to_owned();
    pages.add("link-password", "first", &link(LinkStage::NewPassword { user: user(), error: None }));
    let error = Some(PasswordProblem::Common);
    pages.add("link-password", "common", &link(LinkStage::NewPassword { user: user(), error }));
    pages.add("link-enrolment", "here", &link(LinkStage::Enrolment));
    pages.add("link-enrolment", "elsewhere", &link(LinkStage::EnrolmentElsewhere));
    pages.add("link-cancel", "first", &link(LinkStage::Cancel { receipt: "7Q2M-4KXP".to_owned() }));
    pages.add("link-cancelled", "first", &link(LinkStage::Cancelled));
    pages.add("link-too-late", "first", &link(LinkStage::TooLate));
    pages.add("link-over", "first", &link(LinkStage::Over));
    let reset = |news| PasswordResetPage { frame: frame(), news };
    pages.add("password-reset", "first", &reset(None));
    pages.add("password-reset", "taken", &reset(Some(ResetNews::Taken)));
    pages.add("password-reset", "missing", &reset(Some(ResetNews::Missing)));
    pages.add("password-reset", "wait", &reset(Some(ResetNews::WaitUntil(minutes(8)))));
    let code = |error| RecoveryCodePage { frame: frame(), error };
    pages.add("recovery-code", "first", &code(None));
    for (state, error) in [
        ("wrong", RecoveryCodeError::Wrong),
        ("wait", RecoveryCodeError::WaitUntil(minutes(15))),
        ("blocked", RecoveryCodeError::BlockedUntil(minutes(48 * 60))),
    ] {
        pages.add("recovery-code", state, &code(Some(error)));
    }
    let codes = ShownCodes((0..10).map(|n| format!("JBSW-Y3DP-EHPK-3PX{}", ['A', 'B'][n % 2])).collect());
    let target = "/orders/1042?tab=items".to_owned();
    pages.add("recovery-codes", "first", &RecoveryCodesPage { frame: frame(), codes, target });
    let waiting =
        |news| EnrolLinkPage { frame: frame(), mailed_to: "h•••@example.jp".to_owned(), news, grace: None };
    pages.add("enrol-link", "first", &waiting(None));
    pages.add("enrol-link", "sent", &waiting(Some(EnrolmentLinkNews::Sent)));
    pages.add("enrol-link", "wait", &waiting(Some(EnrolmentLinkNews::From(minutes(1)))));
}

fn errors(language: Language, pages: &mut Pages) {
    for problem in Problem::ALL {
        let reference = (problem.status().is_server_error()).then(|| "mfrggzdfmztwq2lknnwg23tpoa".to_owned());
        let page = ErrorPage { frame: frame(language), problem, reference, target: "/".to_owned() };
        pages.add(&format!("error-{problem:?}").to_lowercase(), "first", &page);
    }
    let target = "/.sekisho/sign-in?to=c2VhbGVk".to_owned();
    pages.add("top-level", "first", &TopLevelPage { frame: frame(language), target });
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

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    /// The tags of a page, each without its brackets.
    fn tags(html: &str) -> Vec<&str> {
        html.split('<').skip(1).filter_map(|rest| rest.split('>').next()).collect()
    }

    fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
        tag.split_once(&format!(" {name}=\""))?.1.split('"').next()
    }

    fn element<'a>(html: &'a str, name: &str) -> Vec<&'a str> {
        html.split(&format!("<{name}>")).skip(1).filter_map(|rest| rest.split("</").next()).collect()
    }

    fn each(mut check: impl FnMut(Language, &str, &str)) {
        for language in Language::ALL {
            for (name, html) in all(language) {
                check(language, &name, &html);
            }
        }
    }

    #[test]
    fn every_page_is_whole_and_in_its_language() {
        each(|language, name, html| {
            assert!(html.contains(&format!("<html lang=\"{}\">", language.tag())), "{name}");
            assert_eq!(element(html, "h1").len(), 1, "{name}: one h1");
            assert!(
                !html.contains('⟦') && !html.contains("{$") && !html.contains("{ $"),
                "{name}: a message is missing"
            );
            let japanese = |text: &str| text.chars().any(|c| ('\u{3040}'..'\u{a000}').contains(&c));
            assert_eq!(japanese(element(html, "h1")[0]), language == Language::Ja, "{name}: {language:?}");
        });
    }

    #[test]
    fn titles_tell_pages_apart_and_errors_from_the_rest() {
        for language in Language::ALL {
            let mut titles = BTreeMap::<String, BTreeSet<String>>::new();
            for (name, html) in all(language) {
                let title = element(&html, "title")[0].to_owned();
                assert!(title.contains(element(&html, "h1")[0]), "{name}: {title}");
                let wrong =
                    html.contains("aria-invalid") || html.contains("role=\"alert\"") || html.contains("-error\"");
                assert_eq!(title.starts_with("Error: ") || title.starts_with("エラー："), wrong, "{name}: {title}");
                titles.entry(title).or_default().insert(name.split('.').next().unwrap().to_owned());
            }
            for (title, pages) in titles {
                assert_eq!(pages.len(), 1, "{title} is the title of {pages:?}");
            }
        }
    }

    #[test]
    fn nothing_runs_and_nothing_comes_from_elsewhere() {
        each(|_, name, html| {
            let ours = "<script src=\"/.sekisho/app.js\" defer></script>";
            assert_eq!(html.matches(ours).count(), 1, "{name}: our script, once");
            let html = &html.replacen(ours, "", 1);
            let lower = html.to_lowercase();
            for foreign in ["<script", " style=", "javascript:", " src=", "http-equiv", "<iframe", "<img", "<style"] {
                assert!(!lower.contains(foreign), "{name}: {foreign}");
            }
            for tag in tags(html) {
                let handler = |word: &str| word.starts_with("on") && word.contains('=');
                assert!(!tag.split(' ').any(handler), "{name}: {tag}");
                if tag.starts_with("link ") {
                    assert!(attribute(tag, "href").unwrap().starts_with("/.sekisho/"), "{name}: {tag}");
                }
            }
        });
    }

    #[test]
    fn every_field_has_a_label_and_every_reference_an_end() {
        each(|_, name, html| {
            let tags = tags(html);
            let ids: Vec<&str> = tags.iter().filter_map(|tag| attribute(tag, "id")).collect();
            assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "{name}: an id twice");
            for tag in &tags {
                if tag.starts_with("input ") && attribute(tag, "type") != Some("hidden") {
                    let id = attribute(tag, "id").unwrap();
                    assert!(html.contains(&format!("<label for=\"{id}\">")), "{name}: {id} has no label");
                }
                for reference in ["for", "form", "aria-describedby", "aria-labelledby"] {
                    for id in attribute(tag, reference).into_iter().flat_map(str::split_whitespace) {
                        assert!(ids.contains(&id), "{name}: {reference}={id}");
                    }
                }
            }
            assert!(html.matches(" autofocus").count() <= 1, "{name}: one place to begin");
        });
    }

    #[test]
    fn every_form_posts_its_token_and_enter_presses_its_own_button() {
        each(|_, name, html| {
            for form in html.split("<form ").skip(1) {
                assert!(form.contains(" method=\"post\" action=\"/.sekisho/"), "{name}");
                assert!(form.split("</form>").next().unwrap().contains("name=\"csrf\""), "{name}");
            }
            let tongue = html.find("<button class=\"tongue\"").unwrap();
            assert!(html.rfind("</main>").unwrap() < tongue, "{name}: the language switch would be the default button");
        });
    }

    #[test]
    fn every_step_of_the_enrolment_has_its_own_name_and_the_current_one_is_said() {
        each(|_, name, html| {
            let Some((_, list)) = html.split_once("<div class=\"progress\">") else { return };
            let list = list.split("</ol>").next().unwrap();
            let names = element(list, "span");
            assert_eq!(names.len(), 5, "{name}");
            assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), 5, "{name}: {names:?}");
            let current = list.split_once("aria-current=\"step\"><span>").unwrap().1.split('<').next().unwrap();
            assert!(list.split("</p>").next().unwrap().ends_with(current), "{name}: {current}");
        });
    }

    #[test]
    fn what_was_typed_is_shown_as_text() {
        let user_name = "\"><script>alert(1)</script>".to_owned();
        let page = html(&SignInPage { frame: frame(Language::En), notice: None, user_name });
        assert!(!page.contains("<script>") && page.contains("&#60;script&#62;"), "{page}");
    }

    /// Writes the pages where `SEKISHO_PAGES` says, to be looked at.
    #[test]
    fn pages_can_be_written_out() {
        let Some(directory) = std::env::var_os("SEKISHO_PAGES") else {
            assert!(all(Language::Ja).len() > 60, "the samples cover the pages");
            return;
        };
        for language in Language::ALL {
            for (name, html) in all(language) {
                let html = html.replace("/.sekisho/", "");
                std::fs::write(std::path::Path::new(&directory).join(format!("{name}.{}.html", language.tag())), html)
                    .unwrap();
            }
        }
        let directory = std::path::Path::new(&directory);
        std::fs::write(directory.join("style.css"), super::super::style::sheet(&site_branding())).unwrap();
        std::fs::write(directory.join("mark.svg"), super::super::style::MARK).unwrap();
        std::fs::write(directory.join("app.js"), super::super::style::SCRIPT).unwrap();
    }
}
