//! The settings, their sub-pages, and the replacement of a method.

use std::time::Duration;

use super::{NOW, Pages, app, frame, minutes, sms, voice};
use crate::{
    account::{MethodKind, PairError, Role},
    app::{DeviceRow, EnableBy, MethodRow, SessionRow, SettingsView, Unchoosable},
    clock::Timestamp,
    language::Language,
    portal::{
        choice::{ChooseError, ChoosePage, KindOption, ShownReplacing, TypedChoice},
        enrolment::ProvePhonePage,
        page::{Here, PageFrame},
        settings::{MethodPage, PasswordPage, Refused, SettingsNews, SettingsPage},
        users::{SettingsPeople, UsersNews},
    },
};

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
        codes_left: 9,
        codes_made_at: Some(NOW),
        rests_until: None,
        enable_by: None,
        never_trusted: false,
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
        pending_email: None,
        mail: true,
        history: vec![
            line(Happened::SignedIn(app), "Chrome (Windows)", "203.0.113.*", NOW, 1),
            line(Happened::WrongPassword, "Firefox (Linux)", "198.51.100.*", days(1), 12),
            line(Happened::WrongCode(MethodKind::Voice), "", "2001:db8:1:22*", days(2), 1),
            line(Happened::DeviceReplayed, "Chrome (Windows)", "203.0.113.*", days(3), 1),
            line(Happened::RecoveryCodeUsed, "Chrome (Windows)", "203.0.113.*", days(3), 1),
            line(Happened::WrongRecoveryCode, "Chrome (Windows)", "203.0.113.*", days(3), 2),
            line(Happened::SignedIn(SecondStep::TrustedDevice), "Safari (iPhone)", "203.0.113.*", days(400), 1),
        ],
    }
}

pub(super) fn settings(language: Language, pages: &mut Pages) {
    let frame = |here| PageFrame { here, ..frame(language) };
    let page = |view, news| SettingsPage {
        frame: frame(Here::Settings),
        view,
        news,
        typed_email: String::new(),
        people: SettingsPeople::default(),
        target: "/orders".to_owned(),
        kept: Vec::new(),
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
    pages.add("settings", "kept", &SettingsPage { kept: super::held::kept(), ..page(view(), None) });
    let resting = SettingsView { rests_until: Some(NOW + Duration::from_hours(48)), ..view() };
    pages.add("settings", "resting", &page(resting, None));
    for (state, news) in [
        ("swapped", SettingsNews::Swapped),
        ("renamed", SettingsNews::Renamed),
        ("replaced", SettingsNews::Replaced),
        ("trust-ended", SettingsNews::TrustEnded),
        ("all-trust-ended", SettingsNews::AllTrustEnded),
        ("session-ended", SettingsNews::SessionEnded),
        ("others-ended", SettingsNews::OthersEnded),
        ("language", SettingsNews::LanguageChanged),
        ("email-bad", SettingsNews::EmailBad),
        ("email-unchanged", SettingsNews::EmailUnchanged),
        ("email-wait", SettingsNews::EmailWait(minutes(90))),
        ("password", SettingsNews::PasswordChanged),
        ("stale", SettingsNews::Stale),
        ("locked", SettingsNews::LockedUntil(minutes(90))),
    ] {
        pages.add("settings", state, &page(view(), Some(news)));
    }
    let address = |text: &str| crate::account::EmailAddress::parse(text).unwrap();
    let mut mailed = view();
    mailed.account.email = Some(address("hanako@example.jp"));
    mailed.pending_email =
        Some(crate::store::PendingEmail { address: address("hanako.yamada@example.com"), until: minutes(24 * 60) });
    pages.add("settings", "email-mailed", &page(mailed, Some(SettingsNews::EmailMailed)));
    let SettingsView { account, sessions, .. } = view();
    let bare = SettingsView {
        account,
        methods: None,
        codes_left: 0,
        codes_made_at: None,
        rests_until: None,
        enable_by: Some(EnableBy::Deadline(Timestamp::from_secs(1_796_569_200))),
        devices: vec![],
        never_trusted: false,
        sessions: sessions[..1].to_vec(),
        history: vec![],
        pending_email: None,
        mail: false,
    };
    pages.add("settings", "bare", &page(bare, None));
    let strict = SettingsView { codes_left: 0, devices: vec![], never_trusted: true, ..view() };
    pages.add("settings", "never-trusted", &page(strict, None));
    let mut ill = view();
    for (row, paused_until) in ill.methods.iter_mut().flatten().zip([None, Some(minutes(15))]) {
        (row.paused_until, row.disabled) = (paused_until, paused_until.is_none());
    }
    pages.add("settings", "ill", &page(ill.clone(), None));

    for (name, rows) in [("first", view().methods), ("ill", ill.methods)] {
        for row in rows.into_iter().flatten() {
            let (frame, place) = (frame(Here::Method(row.role)), row.role.as_str());
            pages.add(&format!("settings-{place}"), name, &MethodPage { frame, row, rests_until: None, news: None });
        }
    }
    let [row, backup] = view().methods.unwrap();
    let rests_until = Some(NOW + Duration::from_hours(48));
    let frame_of = |role| frame(Here::Method(role));
    let page = MethodPage { frame: frame_of(Role::Backup), row: backup, rests_until, news: None };
    pages.add("settings-backup", "resting", &page);
    let news = Some(SettingsNews::LabelBad);
    let frame = frame_of(Role::Primary);
    pages.add("settings-primary", "label", &MethodPage { frame, row, rests_until: None, news });

    passwords(language, pages);
    replacement(language, pages);
}

fn replacement(language: Language, pages: &mut Pages) {
    replacements(language, pages);
}

fn passwords(language: Language, pages: &mut Pages) {
    let frame = PageFrame { here: Here::Password, ..frame(language) };
    let password = |news| PasswordPage { frame: frame.clone(), user: "hanako".to_owned(), due: false, news };
    pages.add("settings-password", "due", &PasswordPage { due: true, ..password(None) });
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
        ("unchanged", SettingsNews::PasswordRefused(Refused::Unchanged)),
    ] {
        pages.add("settings-password", state, &password(Some(news)));
    }
}

fn replacements(language: Language, pages: &mut Pages) {
    let frame = PageFrame { here: Here::Replacement, ..frame(language) };
    let app_twice = Some(Unchoosable::Pair(PairError::AppTwice));
    for (role, old, stays, nots) in [
        (Role::Primary, sms(), app(), [app_twice, None, None]),
        (Role::Backup, voice(language), app(), [app_twice, None, None]),
        (Role::Primary, app(), sms(), [None, None, None]),
    ] {
        let options = MethodKind::ALL.into_iter().zip(nots).map(|(kind, not)| KindOption { kind, not }).collect();
        let state = if nots[0].is_some() { "app-stays" } else { "same-number" };
        let typed =
            TypedChoice { kind: Some(MethodKind::Voice), phone: "090-1234-5678".to_owned(), ..TypedChoice::default() };
        let choose = ChoosePage {
            frame: frame.clone(),
            replacing: Some(ShownReplacing { role, old, stays }),
            primary: None,
            options,
            known: Vec::new(),
            typed: if nots[0].is_some() { TypedChoice::default() } else { typed },
            error: nots[0].is_none().then_some(ChooseError::Pair(PairError::SameNumber)),
        };
        pages.add(&format!("replace-{}", role.as_str()), state, &choose);
    }
    let prove = ProvePhonePage {
        typed: None,
        frame: frame.clone(),
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
