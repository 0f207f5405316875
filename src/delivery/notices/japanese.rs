//! The words of notices in Japanese: mails and text messages.

use super::{MailedLink, Words};
use crate::{
    account::{MethodKind, Role},
    delivery::message::{Sender, bracketed_until, clock_from},
    language::Language,
    store::{LinkPurpose, Notice},
};

pub(super) fn not_you(notice: &Notice, sender: &Sender, link: Option<&MailedLink>) -> String {
    if notice.by_an_owner() {
        return "出品者アカウントのオーナーか、運営窓口へご連絡ください。".to_owned();
    }
    let Some(link) = link else { return "すぐに運営窓口へご連絡ください。".to_owned() };
    let MailedLink { purpose, address, expires_at } = link;
    let until = bracketed_until(Language::Ja, sender, *expires_at);
    if *purpose == LinkPurpose::CancelRecovery {
        return format!(
            "次のページを開き、ボタンを押して申請を取り消してください{until}。\n{address}\n\nいつもの方法で認証コードを入力してログインしても、申請は取り消されます。"
        );
    }
    let tell = match notice {
        Notice::TwoStepEnabled | Notice::MethodPaused { .. } => "ほかの人がパスワードを知っているおそれがあります。",
        _ => "ほかの人がログインしたおそれがあります。",
    };
    format!(
        "{tell}\n次のページを開き、ボタンを押してください{until}。アカウントを直ちに止めます。\n{address}\n\nあわせて、運営窓口へご連絡ください。"
    )
}

const fn role_name(role: Role) -> &'static str {
    match role {
        Role::Primary => "第一手段",
        Role::Backup => "バックアップ手段",
    }
}

const fn kind_name(kind: MethodKind) -> &'static str {
    match kind {
        MethodKind::App => "認証アプリ",
        MethodKind::Sms => "SMS",
        MethodKind::Voice => "音声通話",
    }
}

#[expect(clippy::too_many_lines, reason = "a table of sentences")]
pub(super) fn words(service: &str, notice: &Notice, sender: &Sender) -> Words {
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
            "これまでのパスワードは使えません。ほかの端末はログアウトし、信頼済みの端末の登録も解除しました。",
        ),
        Notice::PasswordReset => words(
            "パスワードを再設定しました",
            format!("メールのリンクから、{service}のパスワードが再設定されました。"),
            &format!(
                "これまでのパスワードは使えません。{ENDED}\n2段階認証の設定は変わりません。これから48時間は、コードの受け取り方法の変更と回復コードの利用ができません。"
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
            format!("{service}の2段階認証の{}が変更されました。", role_name(*role)),
            "これまでの方法ではコードを受け取れません。ほかの端末はログアウトし、信頼済みの端末の登録も解除しました。",
        ),
        Notice::MethodsSwapped => words(
            "第一手段とバックアップ手段を入れ替えました",
            format!("{service}の2段階認証の第一手段とバックアップ手段が入れ替えられました。"),
            "次のログインから、新しい第一手段でコードをお受け取りください。",
        ),
        Notice::MethodDisabled { role, kind, ending } => words(
            "コードの受け取り方法を停止しました",
            format!(
                "入力の間違いが多かったため、{service}の{}（{}{}）を停止しました。",
                role_name(*role),
                kind_name(*kind),
                ending.as_ref().map(|digits| format!("・末尾{digits}の番号")).unwrap_or_default()
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
                clock_from(Language::Ja, sender, *ready_at)
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
        Notice::TrustCopied => words(
            "信頼済みの端末の情報がほかで使われました",
            format!("{service}のアカウントで、信頼済みの端末の情報とパスワードがほかの場所で使われました。"),
            "その端末の登録を解除し、その登録でログインしていた端末をすべてログアウトしました。パスワードを変更してください。",
        ),
        Notice::TrustEnded { all: false } => words(
            "信頼済みの端末を解除しました",
            format!("{service}の信頼済みの端末の登録が、1台解除されました。"),
            "その端末では、次のログインで認証コードの入力が必要です。",
        ),
        Notice::TrustEnded { all: true } => words(
            "すべての端末の信頼を解除しました",
            format!("{service}の信頼済みの端末の登録が、すべて解除されました。"),
            "どの端末でも、次のログインで認証コードの入力が必要です。",
        ),
        Notice::SessionsEnded { all: false } => words(
            "端末をログアウトしました",
            format!("{service}の設定ページから、ログイン中の端末が1台ログアウトされました。"),
            "その端末でもう一度お使いになるには、ログインしてください。",
        ),
        Notice::SessionsEnded { all: true } => words(
            "ほかの端末をすべてログアウトしました",
            format!("{service}の設定ページから、ほかのログイン中の端末がすべてログアウトされました。"),
            "それらの端末でもう一度お使いになるには、ログインしてください。",
        ),
        Notice::MethodRelabelled { role } => words(
            "コードの受け取り方法の呼び名を変更しました",
            format!("{service}の2段階認証の{}の呼び名が変更されました。", role_name(*role)),
            "コードの受け取り方は変わりません。",
        ),
        Notice::LanguageChanged { to } => {
            let language = match to {
                Language::Ja => "日本語",
                Language::En => "英語",
            };
            words(
                "お知らせの言語を変更しました",
                format!("{service}からのSMS・音声通話・メールの言語が、{language}に変更されました。"),
                &format!("これからのお知らせは、{language}でお送りします。"),
            )
        }
        Notice::MethodPaused { role, kind, until } => words(
            "コードの入力を一時的に停止しました",
            format!(
                "認証コードの入力の間違いが続いたため、{service}の{}（{}）を一時的に停止しました。\n\n再開：{}",
                role_name(*role),
                kind_name(*kind),
                clock_from(Language::Ja, sender, *until)
            ),
            "もう1つの方法は今すぐ使えます。ご自身の入力であれば、再開までお待ちください。",
        ),
        Notice::GroupsChanged { groups } => words(
            "権限が変更されました",
            format!(
                "出品者アカウントのオーナーが、{service}での権限を変更しました。\n\n現在の権限：{}",
                if groups.is_empty() { "なし".to_owned() } else { sender.labels.list(groups, Language::Ja) }
            ),
            "ログインし直す必要はありません。",
        ),
        Notice::Removed { user } => words(
            "ログインが削除されました",
            format!("出品者アカウントのオーナーが、{service}のログイン「{user}」を削除しました。"),
            "このログインは、もうお使いになれません。",
        ),
        Notice::TokenCreated { label, until } => words(
            "アクセストークンが発行されました",
            format!(
                "{service}の運営窓口が、アクセストークンを発行しました。このトークンを持つプログラムは、あなたのアカウントとして操作できます。\n\n用途：{label}\n有効期限：{}",
                clock_from(Language::Ja, sender, *until)
            ),
            "用途に心当たりがあれば、何もする必要はありません。",
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

pub(super) const fn short(notice: &Notice) -> &'static str {
    match notice {
        Notice::TwoStepEnabled => "2段階認証が有効になりました。",
        Notice::PasswordChanged | Notice::PasswordSetByOperator => "パスワードが変更されました。",
        Notice::PasswordReset => "パスワードが再設定されました。",
        Notice::SecondStepReset => "2段階認証の手段が解除されました。",
        Notice::MethodReplaced { role: Role::Primary } => "第一手段が変更されました。",
        Notice::MethodReplaced { role: Role::Backup } => "バックアップ手段が変更されました。",
        Notice::MethodsSwapped => "第一手段とバックアップ手段が入れ替わりました。",
        Notice::MethodDisabled { role: Role::Primary, .. } => "コードの間違いが多かったため、第一手段を停止しました。",
        Notice::MethodDisabled { role: Role::Backup, .. } => {
            "コードの間違いが多かったため、バックアップ手段を停止しました。"
        }
        Notice::NewDevice { .. } => "新しい端末からログインがありました。",
        Notice::BackupUsed { .. } => "バックアップ手段でログインがありました。",
        Notice::RecoveryCodeUsed => "回復コードが使われました。",
        Notice::RecoveryCodesRenewed => "新しい回復コードが発行されました。",
        Notice::RecoveryRequested { .. } => "アカウント回復の申請がありました。コードでログインすると取り消せます。",
        Notice::RecoveryApproved { .. } => "アカウント回復が承認されました。",
        Notice::RecoveryRefused { .. } => "アカウント回復は承認されませんでした。",
        Notice::RecoveryCancelled { .. } => "アカウント回復の申請が取り消されました。",
        Notice::Recovered => "コードの受け取り方法が2つとも登録し直されました。",
        Notice::EmailChanged => "お知らせの送り先が変わりました。",
        Notice::OwnSignInWanted { .. } => "ログインの追加を希望する連絡がありました。",
        Notice::TrustCopied => "信頼済みの端末の情報がほかの場所で使われました。パスワードを変更してください。",
        Notice::TrustEnded { all: false } => "信頼済みの端末の登録が1台解除されました。",
        Notice::TrustEnded { all: true } => "信頼済みの端末の登録がすべて解除されました。",
        Notice::SessionsEnded { all: false } => "ログイン中の端末が1台ログアウトされました。",
        Notice::SessionsEnded { all: true } => "ほかの端末がすべてログアウトされました。",
        Notice::MethodRelabelled { role: Role::Primary } => "第一手段の呼び名が変更されました。",
        Notice::MethodRelabelled { role: Role::Backup } => "バックアップ手段の呼び名が変更されました。",
        Notice::LanguageChanged { .. } => "お知らせの言語が変更されました。",
        Notice::MethodPaused { role: Role::Primary, .. } => {
            "コードの間違いが続いたため、第一手段を一時的に停止しました。"
        }
        Notice::MethodPaused { role: Role::Backup, .. } => {
            "コードの間違いが続いたため、バックアップ手段を一時的に停止しました。"
        }
        Notice::GroupsChanged { .. } => "オーナーが権限を変更しました。",
        Notice::Removed { .. } => "オーナーがログインを削除しました。",
        Notice::TokenCreated { .. } => "アクセストークンが発行されました。",
        Notice::Frozen => "アカウントを停止しました。",
    }
}
