
### Recovery, mailed links, password reset

sign-in-forgot = パスワードをお忘れですか？
sign-in-forgot-ask = パスワードをお忘れの場合は、{ $service }の運営窓口にお問い合わせください。
notice-password-reset = パスワードを変更しました。新しいパスワードでログインしてください。

reset-heading = パスワードをお忘れですか？
reset-lead = ユーザー名またはメールアドレスを入力してください。新しいパスワードを設定するためのリンクをメールでお送りします。
reset-submit = リンクを送る
reset-missing = ユーザー名またはメールアドレスを入力してください。
reset-wait = リンクの申し込みが続いたため、一時的に受け付けていません。{ $time }以降にもう一度お試しください。
reset-taken = 入力された名前のアカウントにメールアドレスが登録されていれば、リンクをお送りしました。
reset-taken-next = { $service }からのメールを開き、30分以内にリンクからお進みください。いちばん新しいメールのリンクだけが使えます。
reset-taken-none = 数分待ってもメールが届かないときは、迷惑メールのフォルダーをご確認いただくか、運営窓口にお問い合わせください。
reset-ask = このサービスでは、リンクをメールでお送りできません。新しいパスワードについては、{ $service }の運営窓口にお問い合わせください。
reset-back = ログインページへ戻る

link-not-me-heading = お心当たりがない場合
link-not-me-lead = ほかの人が{ $service }のアカウントを使った場合は、今すぐアカウントを停止してください。
link-not-me-sessions = すべての端末からログアウトし、信頼済みの端末の登録も解除します。
link-not-me-password = 新しいパスワードを設定するまで、今のパスワードではログインできなくなります。
link-not-me-submit = アカウントを停止する
link-not-me-otherwise = ご自身の操作だった場合は、このページを閉じてください。何も変わりません。
link-frozen-heading = アカウントを停止しました
link-frozen-lead = { $service }のアカウントは、すべての端末からログアウトしました。今のパスワードではログインできません。
link-frozen-reset = もう一度お使いになるには、新しいパスワードを設定してください。あわせて、運営窓口に状況をお伝えください。
link-frozen-ask = 運営窓口に状況をお伝えください。新しいパスワードをお渡しします。
link-new-password = 新しいパスワードのリンクを受け取る
link-password-heading = 新しいパスワードを設定
link-password-lead = { $service }の新しいパスワードを入力してください。2段階認証の設定は変わりません。
link-password-name = ユーザー名
link-password-label = 新しいパスワード
link-password-hint = 8文字以上
link-password-next = すべての端末からログアウトします。そのあと、新しいパスワードと認証コードでログインしてください。
link-password-submit = パスワードを変更する
link-enrolment-heading = 2段階認証の設定を続ける
link-enrolment-lead = メールをご確認いただき、ありがとうございます。このブラウザーで{ $service }の設定を続けられます。
link-enrolment-submit = 設定を続ける
link-enrolment-elsewhere = このブラウザーで続けるには、ユーザー名とパスワードで{ $service }にログインしてください。
link-enrolment-not-you = ログインしようとしていない場合は、このページを閉じ、運営窓口にご連絡ください。ほかの人がパスワードを知っているおそれがあります。
link-sign-in = ログインページへ
link-email-heading = このメールアドレスを使いますか？
link-email-lead = { $service }からのお知らせを{ $address }にお送りします。このアドレスでもログインできるようになります。
link-email-submit = このアドレスを使う
link-email-otherwise = お心当たりがない場合は、このページを閉じてください。何も変わりません。
link-email-done-heading = メールアドレスを変更しました
link-email-done-lead = これからのお知らせは、新しいアドレスにお送りします。登録済みの電話番号とこれまでのアドレスにも、変更をお知らせしました。
link-email-taken-heading = このアドレスは別のアカウントで使われています
link-email-taken-lead = { $service }の別のアカウントに登録されているため、変更していません。高度なセキュリティ設定で、別のアドレスを入力してください。
link-settings = 設定を開く
link-over-heading = このリンクは使えません
link-over-lead = すでに使われたか、期限が切れたか、新しいメールのリンクに置き換わっています。いちばん新しいメールを使うか、最初からやり直してください。

enrol-link-heading = メールをご確認ください
enrol-link-lead = { $address }にメールをお送りしました。メールのリンクをこのブラウザーで開くと、2段階認証を設定できます。
enrol-link-how = リンクは24時間以内に1回だけ使えます。パスワードを知っているほかの人が先に設定してしまわないように、ご本人であることを確認するためのものです。
enrol-link-again = メールをもう一度送る
enrol-link-sent = メールをもう一度送りました。いちばん新しいメールをお使いください。
enrol-link-from = メールは{ $time }以降に、もう一度お送りできます。
enrol-link-none = メールが届かないときは、迷惑メールのフォルダーをご確認いただくか、{ $service }の運営窓口にチケットの発行をご依頼ください。

recovery-code-heading = 回復コードを使う
recovery-code-lead = 回復コードを1つ入力すると、コードを受け取る方法を2つとも登録し直せます。新しい方法の確認が済むと、これまでの方法は使えなくなります。
recovery-code-label = 回復コード
recovery-code-hint = 16文字の英数字
recovery-code-submit = 次へ
recovery-code-wrong = 回復コードが違うか、すでに使われています。1文字ずつご確認のうえ、もう一度入力してください。
recovery-code-wait = 入力が続いたため、一時的に停止しています。回復コードは{ $time }以降に、もう一度入力できます。
recovery-code-blocked = パスワードを再設定して間もないため、安全のために回復コードを停止しています。{ $time }以降にお使いください。
recovery-code-none = お持ちでない場合：
recovery-code-request = アカウント回復を申請する

recovery-codes-heading = 回復コード
recovery-codes-lead = コードを受け取る方法がどちらも使えなくなったとき、パスワードと回復コード1つで、{ $service }の2段階認証を登録し直せます。1つのコードは1回だけ使えます。
recovery-codes-where = 使うとき：ログインの途中、コードを入力するページで「{ code-help-message }」または「{ code-help-app }」→「{ help-recovery-code }」
recovery-codes-once = 表示されるのは今回だけです。下の「{ recovery-codes-kept }」を押すまで、遅くとも{ $time }までご覧になれます。
recovery-codes-earlier = これまでの回復コードは使えません。
recovery-codes-keep = 印刷するかファイルに保存し、スマートフォンやパソコンとは別の場所に保管してください。
recovery-codes-print = このページを印刷
recovery-codes-kept = 保管しました
recovery-codes-over = 回復コードが表示されるのは、発行した直後の1回だけです。保管した回復コードはそのまま使えます。
recovery-codes-over-new = 保管していない場合は、設定のページで新しい回復コードを発行してください。これまでの回復コードは使えなくなります。
recovery-codes-made = { $date }に発行
recovery-codes-save = テキストファイルに保存
recovery-codes-file = { $service }の回復コード

done-codes-heading = 電話をなくしたときのために
done-codes-lead = 10個の回復コードがあれば、どちらの方法も使えなくなっても、2段階認証を登録し直せます。
done-codes-show = 回復コードを表示する

link-cancel-heading = アカウント回復の申請を取り消しますか？
link-cancel-lead = パスワードを知っている人から、アカウント回復の申請がありました（受付番号：{ $receipt }）。ご自身の申請でなければ、取り消してください。
link-cancel-submit = 申請を取り消す
link-cancelled-heading = 申請を取り消しました
link-cancelled-lead = アカウントの設定は変わりません。ほかの人がパスワードを知っているおそれがあるため、新しいパスワードを設定してください。
link-too-late-heading = 申請はすでに承認されています
link-too-late-lead = 取り消すことはできません。すぐに運営窓口へご連絡ください。
