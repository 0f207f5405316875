
### Advanced security settings and the fresh code

## 新しい認証コード

code-why-fresh = ログインの設定など、大切な内容を扱うページです。続けるには、新しい認証コードが必要です。

fresh-heading = ご本人の確認
fresh-lead = 続けるには、新しい認証コードが必要です。信頼済みの端末でもお願いしています。
fresh-wanted = コードの用途
fresh-not-yours = 心当たりがないときは、コードを入力せずに戻ってください。
fresh-begin-app = 認証コードを入力する
fresh-begin-sms = SMSでコードを受け取る
fresh-begin-voice = 電話でコードを受け取る
fresh-app-hint = 認証アプリをご用意ください。
fresh-sms-hint = 末尾{ $digits }の番号にSMSを送ります。
fresh-voice-hint = 末尾{ $digits }の番号に電話をかけ、コードを3回読み上げます。
fresh-submit = 続ける
fresh-cancel = コードを入力せずに戻る

wanted-console = { $service }を開く
wanted-page = { $what } を開く
wanted-form = 入力した内容を送信する
wanted-send = 入力した内容を{ $what }に送信する
wanted-settings = { settings-heading }を開く
wanted-users = { users-heading }を開く
wanted-swap = 第一手段とバックアップ手段の入れ替え
wanted-label = 登録済みの方法の呼び名の変更
wanted-primary = 第一手段の変更
wanted-backup = バックアップ手段の変更
wanted-replace = 新しい方法への変更
wanted-trust = 端末の信頼の解除
wanted-all-trust = すべての端末の信頼の解除
wanted-sessions = ほかの端末でのログアウト
wanted-language = SMS・音声通話・メールの言語の変更
wanted-email = 通知先のメールアドレスの変更：{ $what }
wanted-password = パスワードの変更
wanted-codes = 新しい回復コードの発行
wanted-invite = 出品者アカウントへの招待：{ $what }
wanted-invitation = 招待の再送または取り消し
wanted-groups = { $what }さんの権限の変更
wanted-remove = { $what }さんの削除

## 設定

settings-heading = 高度なセキュリティ設定
settings-methods = コードの受け取り方法
settings-two-step-on = 2段階認証は有効です。
settings-two-step-off = 2段階認証は、まだ有効になっていません。
settings-enable-from = { $date }以降は、ログインのときに設定をお願いします。
settings-enable-until = { $date }までに設定してください。その後は後回しにできません。
settings-enable-next = 遅くとも次のログインのときに設定していただきます。
settings-codes-heading = 回復コード
settings-codes-left = 使える回復コードは、残り{ $left }個です。
settings-codes-none = 使える回復コードがありません。
settings-codes-lead = コードを受け取る方法がどちらも使えなくなったとき、パスワードと回復コード1つで、両方の方法を登録し直せます。
settings-codes-renew = 回復コードを新しく発行する
settings-codes-renew-hint = 今お持ちの回復コードは使えなくなります。
settings-role = 役割
settings-method = 方法
settings-added = 追加日
settings-last-used = 最終利用
settings-never-used = まだ使っていません
settings-state = 状態
settings-method-paused = 一時的に停止しています。{ $time }以降に使えます。
settings-method-disabled = 入力の間違いが多かったため、停止しています。設定し直してください。
settings-change = 変更
settings-change-method = { $role }を変更
settings-swap = 第一手段とバックアップ手段を入れ替える
settings-primary-heading = 第一手段の設定
settings-backup-heading = バックアップ手段の設定
settings-replace = 別の方法に変更する
settings-rebind = 設定し直す
settings-replace-hint = 新しい方法の確認が済むまで、今の方法は変わりません。変更すると、ほかの端末からはすべてログアウトし、信頼済みの端末でも次回はコードの入力が必要になります。
settings-save = 保存する
settings-to-all = セキュリティ設定に戻る

replace-primary-heading = 新しい第一手段を選ぶ
replace-backup-heading = 新しいバックアップ手段を選ぶ
replace-lead = 新しい方法の確認が済むまで、今の方法は変わりません。今の方法：{ $method }
replace-app-twice = バックアップ手段が認証アプリのため、第一手段には電話番号を登録してください。
replace-same-number = この番号はバックアップ手段として登録済みです。別の電話番号か認証アプリを登録してください。
replace-cancel = 変更をやめる

settings-devices = 信頼済みの端末
settings-never-trusted = このアカウントは、ログインのたびにコードの入力が必要です。そのため、端末を信頼済みにすることはできません。
settings-no-devices = 信頼済みの端末はありません。
settings-devices-lead = 次のブラウザーでは、期限までパスワードだけでログインできます。
settings-device = 端末
settings-unknown-browser = 不明なブラウザー
settings-this-device = この端末
settings-trusted-since = 登録日
settings-expires = 期限
settings-end-trust = 解除
settings-end-trust-of = { $action }：{ $device }
settings-end-all-trust = すべての端末の信頼を解除

settings-sessions = ログイン中の端末
settings-since = ログイン日時
settings-by = 確認方法
settings-by-trust = 信頼済みの端末
settings-by-password = パスワードのみ
settings-this-session = この端末
settings-end-session = ログアウト
settings-end-session-of = { $device }をログアウト
settings-end-others = ほかの端末をすべてログアウト

settings-history = 最近のログインと拒否の記録
settings-history-lead = 心当たりのない記録があるときは、パスワードを変更し、すべての端末の信頼を解除してください。
settings-history-lead-password = 心当たりのない記録があるときは、パスワードを変更してください。
settings-no-history = 記録はまだありません。
settings-history-more = もっと見る
settings-when = 日時
settings-what = 内容
settings-network = 接続元
settings-history-signed-in = ログイン：{ $step }
settings-history-wrong-password = 拒否：パスワードの間違い
settings-history-wrong-code = 拒否：認証コードの間違い・{ $step }
settings-history-device-replayed = 信頼を解除：このブラウザーの信頼情報の複製が使われました
settings-history-recovery-code = 回復コードの使用（コードの受け取り方法の登録し直し）
settings-history-wrong-recovery-code = 拒否：回復コードの間違い
settings-history-times = { $what }・{ $times }回

settings-password-title = パスワード
settings-password-due = 以前のシステムでは、長いパスワードの先頭だけを確認していました。{ $service }へ進む前に、新しいパスワードを設定してください。
settings-password-lead = 変更すると、ほかの端末からはすべてログアウトし、信頼済みの端末でも次回はコードの入力が必要になります。
settings-password-heading = パスワードを変更
settings-user = ユーザー名
settings-password-present = 現在のパスワード
settings-password-new = 新しいパスワード
settings-password-again = 新しいパスワード（確認）
settings-password-rules = { $least }〜{ $most }文字。空白や記号、日本語も使えます。覚えやすい言葉をいくつか並べると安全です。
settings-password-submit = パスワードを変更する
settings-password-wrong = 現在のパスワードが違います。ご確認のうえ、もう一度入力してください。
settings-password-wait = パスワードの間違いが続いたため、入力を一時的に停止しています。{ $time }以降にもう一度お試しください。
settings-password-missing = すべての欄に入力してください。
settings-password-differ = 新しいパスワードが一致しません。同じものを2回入力してください。

settings-email-title = メールアドレス
settings-email-now = お知らせを{ $address }にお送りしています。このアドレスでもログインできます。
settings-email-none = メールアドレスの登録がないため、お知らせはコードを受け取る電話番号だけにお送りします。
settings-email-pending = { $address }に確認のメールを送りました。{ $time }までにメールのリンクを開くと、このアドレスに変わります。それまでは何も変わりません。
settings-email-ask = 変更をご希望の場合は、{ $service }の運営窓口にご連絡ください。
settings-email-label = 新しいメールアドレス
settings-email-hint = 確認のリンクをお送りします。
settings-email-submit = リンクを送る

settings-language = 言語
settings-language-lead = SMS・音声通話・メールの言語
settings-language-hint = この端末でページの言語を選んでいる場合、認証コードはその言語でお送りします。
settings-back = { $service }へ戻る

settings-swapped = 第一手段とバックアップ手段を入れ替えました。
settings-renamed = 呼び名を保存しました。
settings-replaced = 新しい方法に変更しました。ほかの端末からはすべてログアウトし、信頼済みの端末の登録も解除しました。
settings-trust-ended = 信頼を解除しました。その端末では、次のログインでコードの入力が必要です。
settings-all-trust-ended = すべての端末の信頼を解除しました。
settings-session-ended = その端末をログアウトしました。
settings-others-ended = ほかの端末をすべてログアウトしました。
settings-language-changed = 言語を保存しました。
settings-password-changed = パスワードを変更しました。ほかの端末からはすべてログアウトしました。
settings-email-mailed = 確認のメールを送りました。24時間以内に、いちばん新しいメールのリンクを開いてください。
settings-email-bad = メールアドレスの形ではありません。name@example.jpのように入力してください。
settings-email-unchanged = 現在と同じメールアドレスです。別のアドレスを入力してください。
settings-email-wait = 確認のメールを続けて送っています。次のメールは{ $time }以降に送れます。それまでは、いちばん新しいリンクをお使いください。
settings-codes-once = 新しい回復コードは作成していません。先ほど表示した回復コードをお使いください。控えていない場合は、下のボタンで新しく作成してください。
settings-stale = ページの内容が変わっていたため、何も変更していません。現在の表示をご確認のうえ、もう一度お試しください。
settings-rests = パスワードを再設定したため、{ $time }までは、コードの受け取り方法の変更と回復コードの利用ができません。
settings-locked = パスワードを再設定して間もないため、使える方法の変更は{ $time }以降にお願いします。アカウントを守るための制限です。
settings-open = 高度なセキュリティ設定
clock-today = 今日 { $time }
clock-moment = { $date } { $time }
