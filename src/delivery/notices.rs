//! The words of notices and of mails that carry a link, in both languages. A message to a phone names the service and
//! never the account, and carries no link (`product.md` R9).

use super::message::{Mail, Sender, clock_time};
use crate::{
    account::{MethodKind, Role},
    clock::Timestamp,
    language::Language,
    store::{LinkPurpose, Notice},
};

/// A link on its way into a mail. Its `Debug` does not show the address: whoever has it can use it.
pub(super) struct MailedLink {
    pub(super) purpose: LinkPurpose,
    pub(super) address: String,
    pub(super) expires_at: Timestamp,
}

impl std::fmt::Debug for MailedLink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MailedLink({})", self.purpose.as_str())
    }
}

/// Subject, what happened, what follows from it.
struct Words {
    subject: &'static str,
    happened: String,
    next: String,
}

/// The mail of a notice: what happened, when, and what to do if it was not you.
pub(super) fn mail(
    language: Language,
    sender: &Sender,
    notice: &Notice,
    at: Timestamp,
    link: Option<&MailedLink>,
) -> Mail {
    let service = sender.name(language);
    let when = clock_time(language, sender, at);
    match language {
        Language::Ja => {
            let Words { subject, happened, next } = words_ja(service, notice, sender);
            let not_you = not_you_ja(notice, sender, link);
            Mail {
                subject: format!("【{service}】{subject}"),
                text: format!(
                    "{happened}\n\n日時：{when}\n\n{next}\n\n■ お心当たりがない場合\n{not_you}\n\n{service}\n"
                ),
            }
        }
        Language::En => {
            let Words { subject, happened, next } = words_en(service, notice, sender);
            let not_you = not_you_en(notice, sender, link);
            Mail {
                subject: format!("{service}: {subject}"),
                text: format!("{happened}\n\nWhen: {when}\n\n{next}\n\nWasn't you?\n{not_you}\n\n{service}\n"),
            }
        }
    }
}

fn not_you_ja(notice: &Notice, sender: &Sender, link: Option<&MailedLink>) -> String {
    let Some(link) = link else { return "すぐに運営窓口へご連絡ください。".to_owned() };
    let MailedLink { purpose, address, expires_at } = link;
    let until = clock_time(Language::Ja, sender, *expires_at);
    if *purpose == LinkPurpose::CancelRecovery {
        return format!(
            "次のページを開き、ボタンを押して申請を取り消してください（{until}まで）。\n{address}\n\nいつもの方法で認証コードを入力してログインしても、申請は取り消されます。"
        );
    }
    let tell = match notice {
        Notice::TwoStepEnabled => "ほかの人がパスワードを知っているおそれがあります。",
        _ => "ほかの人がログインしたおそれがあります。",
    };
    format!(
        "{tell}\n次のページを開き、ボタンを押してください（{until}まで）。アカウントを直ちに止めます。\n{address}\n\nあわせて、運営窓口へご連絡ください。"
    )
}

fn not_you_en(notice: &Notice, sender: &Sender, link: Option<&MailedLink>) -> String {
    let Some(link) = link else { return "Tell the person who runs the service at once.".to_owned() };
    let MailedLink { purpose, address, expires_at } = link;
    let until = clock_time(Language::En, sender, *expires_at);
    if *purpose == LinkPurpose::CancelRecovery {
        return format!(
            "Open this page and press the button to cancel the request (until {until}).\n{address}\n\nSigning in with a code as usual cancels it too."
        );
    }
    let tell = match notice {
        Notice::TwoStepEnabled => "Somebody else may know your password.",
        _ => "Somebody else may have signed in.",
    };
    format!(
        "{tell}\nOpen this page and press the button (until {until}). It stops your account at once.\n{address}\n\nThen tell the person who runs the service."
    )
}

const fn role_ja(role: Role) -> &'static str {
    match role {
        Role::Primary => "第一手段",
        Role::Backup => "バックアップ手段",
    }
}

const fn role_en(role: Role) -> &'static str {
    match role {
        Role::Primary => "primary",
        Role::Backup => "backup",
    }
}

#[expect(clippy::too_many_lines, reason = "a table of sentences")]
fn words_ja(service: &str, notice: &Notice, sender: &Sender) -> Words {
    const ENDED: &str = "ログイン中の端末はすべてログアウトし、信頼済みの端末の登録も解除しました。";
    let words = |subject, happened: String, next: &str| Words { subject, happened, next: next.to_owned() };
    match notice {
        Notice::TwoStepEnabled => words(
            "2段階認証を設定しました",
            format!("{service}の2段階認証が設定されました。"),
            "次のログインから、パスワードに加えて認証コードを入力していただきます。",
        ),
        Notice::PasswordChanged => words(
            "パスワードを変更しました",
            format!("{service}のパスワードが変更されました。"),
            "これまでのパスワードは使えません。ほかの端末はログアウトしました。",
        ),
        Notice::PasswordReset => words(
            "パスワードを再設定しました",
            format!("メールのリンクから、{service}のパスワードが再設定されました。"),
            &format!(
                "これまでのパスワードは使えません。{ENDED}\n2段階認証の設定は変わりません。これから48時間は、コードの受け取り方法を変更できません。"
            ),
        ),
        Notice::PasswordSetByOperator => words(
            "パスワードを変更しました",
            format!("{service}の運営窓口が、パスワードを変更しました。"),
            &format!("これまでのパスワードは使えません。{ENDED}\n新しいパスワードは、運営窓口からお受け取りください。"),
        ),
        Notice::SecondStepReset => words(
            "2段階認証の手段を解除しました",
            format!("{service}の運営窓口が、2段階認証の第一手段とバックアップ手段を解除しました。"),
            &format!(
                "{ENDED}\n次のログインでは、パスワードに続けてチケットの入力が必要です。チケットは運営窓口からお受け取りください。\n入力のあと、第一手段とバックアップ手段をもう一度登録していただきます。"
            ),
        ),
        Notice::MethodReplaced { role } => words(
            "コードの受け取り方法を変更しました",
            format!("{service}の2段階認証の{}が変更されました。", role_ja(*role)),
            "これまでの方法ではコードを受け取れません。ほかの端末はログアウトしました。",
        ),
        Notice::MethodsSwapped => words(
            "第一手段とバックアップ手段を入れ替えました",
            format!("{service}の2段階認証の第一手段とバックアップ手段が入れ替えられました。"),
            "次のログインから、新しい第一手段でコードをお受け取りください。",
        ),
        Notice::MethodDisabled { kind } => words(
            "コードの受け取り方法を停止しました",
            format!(
                "入力の間違いが多かったため、{service}の{}を停止しました。",
                match kind {
                    MethodKind::App => "認証アプリでのログイン",
                    MethodKind::Sms => "SMSでのコードの受け取り",
                    MethodKind::Voice => "音声通話でのコードの受け取り",
                }
            ),
            "もう1つの方法は使えます。ログインしてから、高度なセキュリティ設定で登録し直してください。",
        ),
        Notice::NewDevice { browser } => words(
            "新しい端末からのログイン",
            format!("{service}に、新しい端末からログインがありました。\n\n端末：{browser}"),
            "ご自身のログインであれば、何もする必要はありません。",
        ),
        Notice::BackupUsed { browser } => words(
            "バックアップ手段でのログイン",
            format!("{service}に、バックアップ手段を使ってログインがありました。\n\n端末：{browser}"),
            "ご自身のログインであれば、何もする必要はありません。第一手段が使えない場合は、高度なセキュリティ設定で変更してください。",
        ),
        Notice::RecoveryCodeUsed => words(
            "回復コードが使われました",
            format!("{service}で、回復コードが1つ使われました。"),
            "コードを受け取る方法を2つとも登録し直すと、これまでの方法は使えなくなります。",
        ),
        Notice::RecoveryCodesRenewed => words(
            "回復コードを発行しました",
            format!("{service}の回復コードが新しく発行されました。"),
            "これまでの回復コードは使えません。",
        ),
        Notice::RecoveryRequested { receipt, ready_at } => words(
            "アカウント回復の申請を受け付けました",
            format!(
                "パスワードを知っている人から、{service}のアカウント回復の申請がありました。\n\n受付番号：{receipt}"
            ),
            &format!(
                "{}以降に運営窓口が判断します。承認されると、コードを受け取る方法を登録し直せるようになります。",
                clock_time(Language::Ja, sender, *ready_at)
            ),
        ),
        Notice::RecoveryApproved { receipt } => words(
            "アカウント回復が承認されました",
            format!("{service}のアカウント回復の申請（受付番号：{receipt}）が承認されました。"),
            &format!(
                "{ENDED}\nこれまでの方法ではコードを受け取れません。運営窓口からチケットを受け取り、24時間以内に、コードを受け取る方法を登録し直してください。"
            ),
        ),
        Notice::RecoveryRefused { receipt } => words(
            "アカウント回復は承認されませんでした",
            format!("{service}のアカウント回復の申請（受付番号：{receipt}）は承認されませんでした。"),
            "アカウントの設定は変わりません。詳しくは運営窓口にお問い合わせください。",
        ),
        Notice::RecoveryCancelled { receipt } => words(
            "アカウント回復の申請を取り消しました",
            format!("{service}のアカウント回復の申請（受付番号：{receipt}）が取り消されました。"),
            "アカウントの設定は変わりません。",
        ),
        Notice::Recovered => words(
            "コードの受け取り方法を登録し直しました",
            format!("アカウント回復により、{service}の第一手段とバックアップ手段が登録し直されました。"),
            &format!("これまでの方法ではコードを受け取れません。{ENDED}"),
        ),
        Notice::EmailChanged => words(
            "お知らせの送り先を変更しました",
            format!("{service}からのお知らせの送り先が変更されました。"),
            "このアドレスには、今後お知らせをお送りしません。",
        ),
        Notice::OwnSignInWanted { user } => words(
            "ログインの追加を希望しています",
            format!(
                "{service}のログイン「{user}」を複数の方でお使いのようです。ご自身のログインを希望する連絡がありました。"
            ),
            "ユーザー権限のページから、お一人ずつ招待してください。コードを求められる回数が減り、誰が操作したかも分かるようになります。",
        ),
        Notice::Frozen => words(
            "アカウントを停止しました",
            format!("「自分ではない」という連絡を受け、{service}のアカウントを停止しました。"),
            &format!(
                "{ENDED}\nこれまでのパスワードではログインできません。ログインページの「パスワードをお忘れですか？」から、新しいパスワードを設定してください。"
            ),
        ),
    }
}

#[expect(clippy::too_many_lines, reason = "a table of sentences")]
fn words_en(service: &str, notice: &Notice, sender: &Sender) -> Words {
    const ENDED: &str = "You were signed out everywhere, and no device is trusted any more.";
    let words = |subject, happened: String, next: &str| Words { subject, happened, next: next.to_owned() };
    match notice {
        Notice::TwoStepEnabled => words(
            "Two-step verification is on",
            format!("Two-step verification was turned on for your {service} account."),
            "From your next sign-in you enter a code as well as your password.",
        ),
        Notice::PasswordChanged => words(
            "Your password was changed",
            format!("The password of your {service} account was changed."),
            "Your old password no longer works. Your other devices were signed out.",
        ),
        Notice::PasswordReset => words(
            "Your password was reset",
            format!("A new password was chosen for your {service} account by a mailed link."),
            &format!(
                "Your old password no longer works. {ENDED}\nYour two-step verification is as it was. For 48 hours the ways to get a code can't be changed."
            ),
        ),
        Notice::PasswordSetByOperator => words(
            "Your password was changed",
            format!("The person who runs the service changed the password of your {service} account."),
            &format!(
                "Your old password no longer works. {ENDED}\nThe person who runs the service will give you the new one."
            ),
        ),
        Notice::SecondStepReset => words(
            "Your two-step verification was reset",
            format!(
                "The person who runs the service removed the primary and backup methods of your {service} account."
            ),
            &format!(
                "{ENDED}\nYour next sign-in asks for a ticket after your password; the person who runs the service will give it to you.\nThen you set up a primary and a backup method again."
            ),
        ),
        Notice::MethodReplaced { role } => words(
            "A way to get your code was changed",
            format!("The {} method of your {service} account was changed.", role_en(*role)),
            "Codes no longer come the old way. Your other devices were signed out.",
        ),
        Notice::MethodsSwapped => words(
            "Primary and backup were swapped",
            format!("The primary and backup methods of your {service} account were swapped."),
            "From your next sign-in, get your code by the new primary method.",
        ),
        Notice::MethodDisabled { kind } => words(
            "A way to get your code was stopped",
            format!(
                "Too many wrong codes were entered, so the {} of your {service} account was stopped.",
                match kind {
                    MethodKind::App => "authenticator app",
                    MethodKind::Sms => "text message method",
                    MethodKind::Voice => "voice call method",
                }
            ),
            "The other method works. Sign in with it and set this one up again in Advanced security settings.",
        ),
        Notice::NewDevice { browser } => words(
            "Sign-in on a new device",
            format!("Somebody signed in to your {service} account on a new device.\n\nDevice: {browser}"),
            "If it was you, there is nothing to do.",
        ),
        Notice::BackupUsed { browser } => words(
            "Sign-in with your backup",
            format!("Somebody signed in to your {service} account with the backup method.\n\nDevice: {browser}"),
            "If it was you, there is nothing to do. If your primary no longer works, change it in Advanced security settings.",
        ),
        Notice::RecoveryCodeUsed => words(
            "A recovery code was used",
            format!("One of the recovery codes of your {service} account was used."),
            "Once both methods are set up anew, the old ones stop working.",
        ),
        Notice::RecoveryCodesRenewed => words(
            "New recovery codes were made",
            format!("New recovery codes were made for your {service} account."),
            "The earlier recovery codes no longer work.",
        ),
        Notice::RecoveryRequested { receipt, ready_at } => words(
            "Account recovery was requested",
            format!(
                "Somebody who knows the password asked for recovery of your {service} account.\n\nReceipt number: {receipt}"
            ),
            &format!(
                "The person who runs the service decides after {}. If they approve, both ways to get a code can be set up anew.",
                clock_time(Language::En, sender, *ready_at)
            ),
        ),
        Notice::RecoveryApproved { receipt } => words(
            "Account recovery was approved",
            format!("The recovery of your {service} account (receipt number {receipt}) was approved."),
            &format!(
                "{ENDED}\nCodes no longer come the old ways. Get the ticket from the person who runs the service and set up both ways again within 24 hours."
            ),
        ),
        Notice::RecoveryRefused { receipt } => words(
            "Account recovery was refused",
            format!("The recovery of your {service} account (receipt number {receipt}) was refused."),
            "Nothing was changed. Ask the person who runs the service if you want to know more.",
        ),
        Notice::RecoveryCancelled { receipt } => words(
            "Account recovery was cancelled",
            format!("The request to recover your {service} account (receipt number {receipt}) was cancelled."),
            "Nothing was changed.",
        ),
        Notice::Recovered => words(
            "Both ways to get your code were set up anew",
            format!("The primary and backup methods of your {service} account were set up anew by account recovery."),
            &format!("Codes no longer come the old ways. {ENDED}"),
        ),
        Notice::EmailChanged => words(
            "Notices go to another address",
            format!("Notices of your {service} account now go to another address."),
            "This address gets no more of them.",
        ),
        Notice::OwnSignInWanted { user } => words(
            "Somebody wants a sign-in of their own",
            format!(
                "Several people seem to use the {service} sign-in \"{user}\". One of them asks for a sign-in of their own."
            ),
            "Invite each of them on the page Users and permissions. Everybody is asked for a code less often, and you see who did what.",
        ),
        Notice::Frozen => words(
            "Your account was stopped",
            format!("Your {service} account was stopped, because somebody pressed \"this wasn't me\"."),
            &format!(
                "{ENDED}\nThe old password no longer works. Choose a new one: follow \"Forgot your password?\" on the sign-in page."
            ),
        ),
    }
}

/// The text message of a notice.
pub(super) fn text(language: Language, sender: &Sender, notice: &Notice) -> String {
    let service = sender.name(language);
    match language {
        Language::Ja => format!("【{service}】{}お心当たりがなければ、運営窓口へご連絡ください。", short_ja(notice)),
        Language::En => {
            format!("{service}: {} Wasn't you? Tell the person who runs the service.", short_en(notice))
        }
    }
}

const fn short_ja(notice: &Notice) -> &'static str {
    match notice {
        Notice::TwoStepEnabled => "2段階認証が設定されました。",
        Notice::PasswordChanged | Notice::PasswordSetByOperator => "パスワードが変更されました。",
        Notice::PasswordReset => "パスワードが再設定されました。",
        Notice::SecondStepReset => "2段階認証の手段が解除されました。",
        Notice::MethodReplaced { role: Role::Primary } => "第一手段が変更されました。",
        Notice::MethodReplaced { role: Role::Backup } => "バックアップ手段が変更されました。",
        Notice::MethodsSwapped => "第一手段とバックアップ手段が入れ替わりました。",
        Notice::MethodDisabled { .. } => "コードの受け取り方法を1つ停止しました。",
        Notice::NewDevice { .. } => "新しい端末からログインがありました。",
        Notice::BackupUsed { .. } => "バックアップ手段でログインがありました。",
        Notice::RecoveryCodeUsed => "回復コードが使われました。",
        Notice::RecoveryCodesRenewed => "回復コードが発行されました。",
        Notice::RecoveryRequested { .. } => "アカウント回復の申請がありました。コードでログインすると取り消せます。",
        Notice::RecoveryApproved { .. } => "アカウント回復が承認されました。",
        Notice::RecoveryRefused { .. } => "アカウント回復は承認されませんでした。",
        Notice::RecoveryCancelled { .. } => "アカウント回復の申請が取り消されました。",
        Notice::Recovered => "コードの受け取り方法が登録し直されました。",
        Notice::EmailChanged => "お知らせの送り先が変わりました。",
        Notice::OwnSignInWanted { .. } => "ログインの追加を希望する連絡がありました。",
        Notice::Frozen => "アカウントを停止しました。",
    }
}

const fn short_en(notice: &Notice) -> &'static str {
    match notice {
        Notice::TwoStepEnabled => "two-step verification was turned on.",
        Notice::PasswordChanged | Notice::PasswordSetByOperator => "your password was changed.",
        Notice::PasswordReset => "your password was reset.",
        Notice::SecondStepReset => "your two-step methods were removed.",
        Notice::MethodReplaced { role: Role::Primary } => "your primary method was changed.",
        Notice::MethodReplaced { role: Role::Backup } => "your backup method was changed.",
        Notice::MethodsSwapped => "your primary and backup were swapped.",
        Notice::MethodDisabled { .. } => "a way to get your code was stopped.",
        Notice::NewDevice { .. } => "sign-in on a new device.",
        Notice::BackupUsed { .. } => "sign-in with your backup method.",
        Notice::RecoveryCodeUsed => "a recovery code was used.",
        Notice::RecoveryCodesRenewed => "new recovery codes were made.",
        Notice::RecoveryRequested { .. } => "recovery was requested. Sign in with a code to cancel it.",
        Notice::RecoveryApproved { .. } => "recovery was approved.",
        Notice::RecoveryRefused { .. } => "recovery was refused.",
        Notice::RecoveryCancelled { .. } => "recovery was cancelled.",
        Notice::Recovered => "both ways to get your code were set up anew.",
        Notice::EmailChanged => "notices now go to another address.",
        Notice::OwnSignInWanted { .. } => "somebody wants a sign-in of their own.",
        Notice::Frozen => "your account was stopped.",
    }
}

/// What a call says of a grave notice, as written and in kana; `None` for what is not worth a call.
pub(super) const fn spoken(language: Language, notice: &Notice) -> Option<(&'static str, &'static str)> {
    let (ja, kana, en) = match notice {
        Notice::RecoveryRequested { .. } => (
            "アカウント回復の申請がありました。お心当たりがない場合は、認証コードを使ってログインしてください。申請は取り消されます。",
            "あかうんとかいふくの、しんせいが、ありました。おこころあたりが、ないばあいは、にんしょうコードを、つかって、ログインしてください。しんせいは、とりけされます。",
            "Somebody asked for recovery of your account. If it was not you, sign in with a code. That cancels the request.",
        ),
        Notice::RecoveryApproved { .. } => (
            "アカウント回復が承認され、これまでの方法ではコードを受け取れなくなりました。お心当たりがない場合は、すぐに運営窓口へご連絡ください。",
            "あかうんとかいふくが、しょうにんされ、これまでの、ほうほうでは、コードを、うけとれなくなりました。おこころあたりが、ないばあいは、すぐに、うんえいまどぐちへ、ごれんらくください。",
            "Recovery of your account was approved, and codes no longer come the old ways. If you did not ask for this, tell the person who runs the service at once.",
        ),
        Notice::Recovered => (
            "コードの受け取り方法が、登録し直されました。お心当たりがない場合は、すぐに運営窓口へご連絡ください。",
            "コードの、うけとりほうほうが、とうろくしなおされました。おこころあたりが、ないばあいは、すぐに、うんえいまどぐちへ、ごれんらくください。",
            "The ways to get your code were set up anew. If it was not you, tell the person who runs the service at once.",
        ),
        Notice::SecondStepReset => (
            "運営窓口が、2段階認証の手段を解除しました。お心当たりがない場合は、すぐに運営窓口へご連絡ください。",
            "うんえいまどぐちが、にだんかいにんしょうの、しゅだんを、かいじょしました。おこころあたりが、ないばあいは、すぐに、うんえいまどぐちへ、ごれんらくください。",
            "The person who runs the service removed your two-step methods. If you did not ask for this, tell them at once.",
        ),
        _ => return None,
    };
    Some(match language {
        Language::Ja => (ja, kana),
        Language::En => (en, en),
    })
}

/// A mail that is only about its link. `None` for purposes whose link stands in a notice.
/// `inviter` names the seller account an invitation is from.
pub(super) fn link_mail(language: Language, sender: &Sender, link: &MailedLink, inviter: Option<&str>) -> Option<Mail> {
    let inviter = inviter.unwrap_or_else(|| sender.name(language));
    let service = sender.name(language);
    let MailedLink { purpose, address, expires_at } = link;
    let until = clock_time(language, sender, *expires_at);
    let subject_of_invitation = match language {
        Language::Ja => format!("{inviter}からのご招待"),
        Language::En => format!("{inviter} invites you"),
    };
    let (subject, lead, ignore) = match (purpose, language) {
        (LinkPurpose::PasswordReset, Language::Ja) => (
            "パスワードの再設定",
            format!("{service}のパスワードを再設定するには、次のページを開いてください。"),
            "再設定を申し込んでいない場合は、このメールを破棄してください。パスワードは変わりません。",
        ),
        (LinkPurpose::PasswordReset, Language::En) => (
            "Choose a new password",
            format!("To choose a new password for your {service} account, open this page:"),
            "If you didn't ask for this, delete this mail. Your password stays as it is.",
        ),
        (LinkPurpose::FirstEnrolment, Language::Ja) => (
            "2段階認証の設定を続けるには",
            format!("{service}の2段階認証を設定するには、ログインしたブラウザーで次のページを開いてください。"),
            "ログインしていない場合は、ほかの人がパスワードを知っているおそれがあります。ページを開かず、すぐに運営窓口へご連絡ください。",
        ),
        (LinkPurpose::FirstEnrolment, Language::En) => (
            "Go on setting up two-step verification",
            format!(
                "To set up two-step verification for your {service} account, open this page in the browser you signed in with:"
            ),
            "If you didn't sign in, somebody else may know your password. Don't open the page, and tell the person who runs the service at once.",
        ),
        (LinkPurpose::EmailConfirmation, Language::Ja) => (
            "メールアドレスの確認",
            format!("{service}からのお知らせをこのアドレスで受け取るには、次のページを開いてください。"),
            "お心当たりがない場合は、このメールを破棄してください。",
        ),
        (LinkPurpose::EmailConfirmation, Language::En) => (
            "Confirm your email address",
            format!("To get notices from {service} at this address, open this page:"),
            "If you didn't ask for this, delete this mail.",
        ),
        (LinkPurpose::Invitation, Language::Ja) => (
            subject_of_invitation.as_str(),
            format!("{inviter}から{service}に招待されました。ご自身のログインを作るには、次のページを開いてください。"),
            "お心当たりがない場合は、このメールを破棄してください。",
        ),
        (LinkPurpose::Invitation, Language::En) => (
            subject_of_invitation.as_str(),
            format!("{inviter} invites you to {service}. To create a sign-in of your own, open this page:"),
            "If you don't know why, delete this mail.",
        ),
        (LinkPurpose::NotMe | LinkPurpose::CancelRecovery, _) => return None,
    };
    Some(match language {
        Language::Ja => Mail {
            subject: format!("【{service}】{subject}"),
            text: format!("{lead}\n\n{address}\n\n{until}まで、1回だけ使えます。\n\n{ignore}\n\n{service}\n"),
        },
        Language::En => Mail {
            subject: format!("{service}: {subject}"),
            text: format!("{lead}\n\n{address}\n\nIt works once, until {until}.\n\n{ignore}\n\n{service}\n"),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::message::sample_sender;

    const AT: Timestamp = Timestamp::from_secs(1_795_325_100);

    fn all() -> Vec<Notice> {
        let receipt = || "7Q2M-4K".to_owned();
        let browser = || "Firefox (Linux)".to_owned();
        vec![
            Notice::TwoStepEnabled,
            Notice::PasswordChanged,
            Notice::PasswordReset,
            Notice::PasswordSetByOperator,
            Notice::SecondStepReset,
            Notice::MethodReplaced { role: Role::Primary },
            Notice::MethodReplaced { role: Role::Backup },
            Notice::MethodsSwapped,
            Notice::MethodDisabled { kind: MethodKind::Sms },
            Notice::NewDevice { browser: browser() },
            Notice::BackupUsed { browser: browser() },
            Notice::RecoveryCodeUsed,
            Notice::RecoveryCodesRenewed,
            Notice::RecoveryRequested { receipt: receipt(), ready_at: AT },
            Notice::RecoveryApproved { receipt: receipt() },
            Notice::RecoveryRefused { receipt: receipt() },
            Notice::RecoveryCancelled { receipt: receipt() },
            Notice::Recovered,
            Notice::EmailChanged,
            Notice::OwnSignInWanted { user: "shop".to_owned() },
            Notice::Frozen,
        ]
    }

    fn link(purpose: LinkPurpose) -> MailedLink {
        let address = "https://console.example.jp/.sekisho/link/1.a.b".to_owned();
        MailedLink { purpose, address, expires_at: AT }
    }

    #[test]
    fn notices_say_what_when_and_what_to_do() {
        let sender = sample_sender();
        let not_me = link(LinkPurpose::NotMe);
        for kind in all() {
            let ja = mail(Language::Ja, &sender, &kind, AT, None);
            assert!(ja.subject.starts_with("【セラーコンソール東京支社】"), "{}", ja.subject);
            assert!(ja.text.contains("日時：2026年11月22日 14:25（Asia/Tokyo）"), "{}", ja.text);
            assert!(ja.text.contains("お心当たりがない場合") && ja.text.contains("ご連絡ください"), "{}", ja.text);
            assert!(!ja.text.contains("http"), "{}", ja.text);
            let en = mail(Language::En, &sender, &kind, AT, Some(&not_me));
            assert!(en.subject.starts_with("SellerPortal: "), "{}", en.subject);
            assert!(en.text.contains("When: 22 Nov 2026, 14:25 (Asia/Tokyo)"), "{}", en.text);
            assert!(en.text.contains("Wasn't you?"), "{}", en.text);
            assert!(
                en.text.contains(&format!("\n{}\n", not_me.address)),
                "the link has a line of its own: {}",
                en.text
            );
        }
    }

    /// 3GPP TS 23.038 §6.2.1: 70 UCS-2 units a segment, 134 in two; one text is at most two segments.
    #[test]
    fn texts_are_short_and_name_no_account() {
        let sender = sample_sender();
        for kind in all() {
            let ja = text(Language::Ja, &sender, &kind);
            assert!(ja.encode_utf16().count() <= 134, "{ja}");
            let en = text(Language::En, &sender, &kind);
            assert!(en.is_ascii() && en.len() <= 160, "{} {en}", en.len());
            assert_eq!(spoken(Language::Ja, &kind).is_some(), kind.grave(), "{kind:?}");
        }
    }

    #[test]
    fn a_mail_about_a_link_says_what_it_is_for_and_until_when() {
        let sender = sample_sender();
        for purpose in [
            LinkPurpose::PasswordReset,
            LinkPurpose::FirstEnrolment,
            LinkPurpose::EmailConfirmation,
            LinkPurpose::Invitation,
        ] {
            for language in Language::ALL {
                let link = link(purpose);
                let mail = link_mail(language, &sender, &link, Some("Hanako Shoten")).unwrap();
                assert!(mail.text.contains(&format!("\n{}\n", link.address)), "{}", mail.text);
                assert!(mail.text.contains("14:25"), "{}", mail.text);
                let says_who = mail.subject.contains("Hanako Shoten") && mail.text.contains("Hanako Shoten");
                assert_eq!(says_who, purpose == LinkPurpose::Invitation, "{}", mail.subject);
            }
        }
        assert!(link_mail(Language::En, &sender, &link(LinkPurpose::NotMe), None).is_none());
        assert!(!format!("{:?}", link(LinkPurpose::NotMe)).contains("http"));
    }

    #[test]
    fn the_notice_of_a_reset_says_where_the_ticket_comes_from() {
        let sender = sample_sender();
        let ja = mail(Language::Ja, &sender, &Notice::SecondStepReset, AT, None).text;
        assert!(ja.contains("チケットは運営窓口からお受け取りください"), "{ja}");
        let en = mail(Language::En, &sender, &Notice::SecondStepReset, AT, None).text;
        assert!(
            en.contains("asks for a ticket") && en.contains("the person who runs the service will give it"),
            "{en}"
        );
    }
}
