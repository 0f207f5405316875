//! What a call says of a notice, as engines read it aloud: the words of the text message in kana, parted where a speaker
//! would breathe (`japanese::short` has them as written).

use crate::{account::Role, store::Notice};

pub(super) const fn reading(notice: &Notice) -> &'static str {
    match notice {
        Notice::TwoStepEnabled => "にだんかいにんしょうが、ゆうこうに、なりました。",
        Notice::PasswordChanged | Notice::PasswordSetByOperator => "パスワードが、へんこうされました。",
        Notice::PasswordReset => "パスワードが、さいせっていされました。",
        Notice::SecondStepReset => "にだんかいにんしょうの、しゅだんが、かいじょされました。",
        Notice::MethodReplaced { role: Role::Primary } => "だいいちしゅだんが、へんこうされました。",
        Notice::MethodReplaced { role: Role::Backup } => "バックアップしゅだんが、へんこうされました。",
        Notice::MethodsSwapped => "だいいちしゅだんと、バックアップしゅだんが、いれかわりました。",
        Notice::MethodDisabled { role: Role::Primary, .. } => {
            "コードの、まちがいが、おおかったため、だいいちしゅだんを、ていししました。"
        }
        Notice::MethodDisabled { role: Role::Backup, .. } => {
            "コードの、まちがいが、おおかったため、バックアップしゅだんを、ていししました。"
        }
        Notice::NewDevice { .. } => "あたらしい、たんまつから、ログインが、ありました。",
        Notice::BackupUsed { .. } => "バックアップしゅだんで、ログインが、ありました。",
        Notice::RecoveryCodeUsed => "かいふくコードが、つかわれました。",
        Notice::RecoveryCodesRenewed => "あたらしい、かいふくコードが、はっこうされました。",
        Notice::RecoveryRequested { .. } => {
            "アカウントかいふくの、しんせいが、ありました。コードで、ログインすると、とりけせます。"
        }
        Notice::RecoveryApproved { .. } => "アカウントかいふくが、しょうにんされました。",
        Notice::RecoveryRefused { .. } => "アカウントかいふくは、しょうにん、されませんでした。",
        Notice::RecoveryCancelled { .. } => "アカウントかいふくの、しんせいが、とりけされました。",
        Notice::Recovered => "コードの、うけとりほうほうが、ふたつとも、とうろくしなおされました。",
        Notice::EmailChanged => "おしらせの、おくりさきが、かわりました。",
        Notice::OwnSignInWanted { .. } => "ログインの、ついかを、きぼうする、れんらくが、ありました。",
        Notice::TrustCopied => {
            "しんらいずみの、たんまつの、じょうほうが、ほかのばしょで、つかわれました。パスワードを、へんこうしてください。"
        }
        Notice::TrustEnded { all: false } => "しんらいずみの、たんまつの、とうろくが、いちだい、かいじょされました。",
        Notice::TrustEnded { all: true } => "しんらいずみの、たんまつの、とうろくが、すべて、かいじょされました。",
        Notice::SessionsEnded { all: false } => "ログインちゅうの、たんまつが、いちだい、ログアウトされました。",
        Notice::SessionsEnded { all: true } => "ほかの、たんまつが、すべて、ログアウトされました。",
        Notice::MethodRelabelled { role: Role::Primary } => "だいいちしゅだんの、よびなが、へんこうされました。",
        Notice::MethodRelabelled { role: Role::Backup } => "バックアップしゅだんの、よびなが、へんこうされました。",
        Notice::LanguageChanged { .. } => "おしらせの、げんごが、へんこうされました。",
        Notice::MethodPaused { role: Role::Primary, .. } => {
            "コードの、まちがいが、つづいたため、だいいちしゅだんを、いちじてきに、ていししました。"
        }
        Notice::MethodPaused { role: Role::Backup, .. } => {
            "コードの、まちがいが、つづいたため、バックアップしゅだんを、いちじてきに、ていししました。"
        }
        Notice::GroupsChanged { .. } => "オーナーが、けんげんを、へんこうしました。",
        Notice::Removed { .. } => "オーナーが、ログインを、さくじょしました。",
        Notice::TokenCreated { .. } => "アクセストークンが、はっこうされました。",
        Notice::Frozen => "アカウントを、ていししました。",
    }
}
