### 日本語。何が起きたか、どうすればよいかを書く。です・ます。残り時間ではなく時刻を示す。

## すべてのページ

page-title = { $page }｜{ $service }
page-title-error = エラー：{ $page }｜{ $service }
footer-zone = 時刻は{ $zone }の時間帯です。
footer-help = ヘルプ
footer-privacy = プライバシー
clock-other-day = { $date }{ $time }

## 方法

method-app = 認証アプリ
method-sms = SMS
method-voice = 音声通話
method-sms-number = SMS（末尾{ $digits }の番号）
method-voice-number = 音声通話（末尾{ $digits }の番号）
method-labelled = { $method }・{ $label }
role-primary = 第一手段
role-backup = バックアップ手段

## ログイン

sign-in-heading = ログイン
sign-in-lead = { $service }を開くには、ログインしてください。
sign-in-name = ユーザー名またはメールアドレス
sign-in-password = パスワード
sign-in-submit = 次へ

notice-bad-credentials = ユーザー名（メールアドレス）またはパスワードが違います。ご確認のうえ、もう一度入力してください。
notice-credentials-missing = ユーザー名（メールアドレス）とパスワードの両方を入力してください。
notice-password-wait = パスワードの間違いが続いたため、ログインを一時的に停止しています。{ $time }以降にもう一度お試しください。
notice-busy = ただいまログインが混み合っています。1分ほど待ってから、もう一度お試しください。
notice-session-expired = { $minutes }分間操作がなかったため、ログアウトしました。ログインすると、続きから操作できます。
notice-session-ended = ログアウトされています。続けるには、もう一度ログインしてください。
notice-signed-out = ログアウトしました。
notice-sign-in-ended = このログイン手続きは終了しました。もう一度ログインしてください。
notice-recovery-awaits = 申請の状況は、もう一度ログインすると確認できます。承認されている場合は、続けてチケットを入力できます。
notice-too-many-tries = 入力の間違いが続いたため、このログイン手続きは終了しました。もう一度ログインしてください。
notice-other-account = 別のアカウントのユーザー名とパスワードを入力してください。

## ログイン済み

signed-in-heading = ログインしています
signed-in-as = { $user }としてログインしています。
signed-in-continue = { $service }へ進む
signed-in-sign-out = ログアウトする

## 認証コード

code-heading-app = 認証アプリのコードを入力
code-heading-sms = SMSで届いた認証コードを入力
code-heading-voice = 電話でお伝えする認証コードを入力
code-heading-over = 認証コード
code-lead-app = 認証アプリを開き、現在表示されているコードを入力してください。
code-lead-sms = 末尾{ $digits }の番号にSMSを送りました。届くまで数分かかることがあります。コードは{ $time }まで有効です。
code-lead-voice = 末尾{ $digits }の番号に電話をかけています。コードを3回読み上げます。メモをご用意ください。
code-valid-until = コードは{ $time }まで有効です。
code-label = 認証コード
code-hint = 6桁の数字
code-submit = ログイン
code-why = コードをお願いする理由
code-why-new-browser = このアカウントで信頼済みにしていないブラウザーからのログインです。
code-why-trust-ended = この端末の信頼は{ $date }に終了しました。
code-why-trust-void = この端末の信頼が解除されたか、ログインの設定が変わりました。
code-trust = 今後この端末ではコードの入力を求めない（{ $days }日間）
code-trust-hint = ほかの人も使う端末では、チェックを入れないでください。
code-help-app = 認証アプリを使えない場合
code-help-message = コードが届きませんか？
code-other-account = 別のアカウントでログイン

code-wrong-app = 認証コードが違います。認証アプリに現在表示されているコードを入力してください。
code-wrong-message = 認証コードが違います。いちばん新しいメッセージのコードを入力してください。
code-wrong-call = 認証コードが違います。いちばん新しいお電話でお伝えしたコードを入力してください。
code-tries-left = あと{ $tries }回入力できます。
code-expired = この認証コードは有効期限が切れています。新しいコードを受け取ってください。
code-reused = このコードは使用済みです。次のコードが表示されるまで、最大30秒お待ちください。
code-not-six = 認証コードは6桁の数字です。6桁すべてを入力してください。
code-paused = 入力の間違いが続いたため、コードの入力を一時的に停止しています。{ $time }以降にもう一度お試しください。
code-paused-use-backup = バックアップ手段は今すぐ使えます。
code-paused-use-primary = 第一手段は今すぐ使えます。
code-disabled = 入力の間違いが多かったため、この受け取り方法は停止しています。
code-sent-again = コードをもう一度送りました。
code-called-again = もう一度お電話しています。
code-send-again-now = コードをもう一度受け取れるようになりました。「{ code-help-message }」からお進みください。
code-call-again-now = もう一度お電話できるようになりました。「{ code-help-message }」からお進みください。
code-switched = 受け取り方法を切り替えました。
code-use-other = 別の方法でコードを受け取る：{ $method }
code-new = 新しいコードを受け取る
code-other-ways = コードを受け取る方法をすべて見る

## コードが届きませんか？

help-lead-app = コードを受け取る別の方法を選んでください。選ぶと、そのままコードの入力に戻ります。
help-lead-message = 届くまで数分かかることがあります。届かないときは、次の方法を選んでください。
help-lead-call = 電話が鳴るまで1分ほどかかることがあります。鳴らないときは、次の方法を選んでください。
help-send-again-sms = SMSをもう一度送る
help-send-again-sms-hint = 末尾{ $digits }の番号に送ります。有効なあいだは同じコードです。
help-send-again-voice = もう一度電話を受ける
help-send-again-voice-hint = 末尾{ $digits }の番号におかけします。有効なあいだは同じコードです。
help-call-instead = 同じ番号で電話を受ける
help-call-instead-hint = 末尾{ $digits }の番号に電話をかけ、コードを3回読み上げます。
help-text-instead = 同じ番号でSMSを受け取る
help-text-instead-hint = 末尾{ $digits }の番号にSMSを送ります。
help-use-backup = バックアップ手段を使う
help-use-primary = 第一手段を使う
help-use-app-hint = { $method }に表示されているコードを入力します。
help-not-now = 今は使えません
help-none-heading = どの方法も使えないとき
help-none = それでもログインできないときは、{ $service }の運営窓口に、もう一度ログインできるよう依頼してください。
help-none-guide = ヘルプを読む
help-back = コードの入力に戻る

why-not-until = { $time }からお使いになれます。
why-not-no-more-sends = 続けて送れる回数の上限に達しました。次は{ $time }から送れます。ほかの方法は今すぐ使えます。
why-not-blocked = 現在、この番号にはコードを送れません。ほかの方法をご利用ください。
why-not-paused = 入力の間違いが続いたため、{ $time }まで使えません。
why-not-disabled = 入力の間違いが多かったため、停止しています。別の方法でログインし、高度なセキュリティ設定で設定し直してください。
why-not-sms-not-offered = このサービスではSMSを送っていません。
why-not-voice-not-offered = このサービスでは音声通話を使っていません。
why-not-landline = 固定電話ではSMSを受け取れません。
why-not-voip = 050の番号ではSMSを受け取れません。
why-not-extension = 内線つきの番号ではSMSを受け取れません。

## 登録

ticket-heading = チケットを入力
ticket-lead = コードを受け取る方法の登録が解除されています。お受け取りになったチケットを入力し、新しい方法を2つ登録してください。
ticket-label = チケット
ticket-hint = 16文字の英数字
ticket-submit = 次へ
ticket-wrong = チケットが違います。いちばん新しいチケットを1文字ずつご確認のうえ、もう一度入力してください。
ticket-expired = このチケットは有効期限が切れています。{ $service }の運営窓口から新しいチケットをお受け取りください。
ticket-none = チケットをお持ちでない場合は、{ $service }の運営窓口にご連絡ください。

enrol-intro-heading = 2段階認証でアカウントを守りましょう
enrol-intro-lead = { $service }では、パスワードに加えて認証コードの入力をお願いすることになりました。パスワードを知られても、ほかの人はログインできません。
enrol-intro-recovered = 回復コードを確認しました（このコードはもう使えません）。新しい方法を2つとも確認するまでは、これまでの方法も使えます。
enrol-intro-ticket = チケットを確認しました。これまでの方法ではコードを受け取れません。新しい方法を2つ登録してください。
enrol-again-heading = コードを受け取る方法を2つ登録
enrol-again-what = 次の2つを登録します。
enrol-again = 方法を2つ登録する
enrol-intro-what = コードを受け取る方法を2つ登録します。
enrol-intro-primary = 第一手段：ふだん使う方法です。
enrol-intro-backup = バックアップ手段：第一手段を使えないときの方法です。
enrol-intro-time = 数分で終わります。電話を手もとにご用意ください。固定電話でも登録でき、携帯電話がなくてもかまいません。
enrol-begin = 2段階認証を有効にする

enrol-step = ステップ{ $number }／{ $total }：{ $name }
enrol-steps = 登録の進み具合
enrol-step-primary = 第一手段
enrol-step-prove-primary = 第一手段の確認
enrol-step-backup = バックアップ
enrol-step-prove-backup = バックアップの確認
enrol-step-done = 完了

choose-primary-heading = 第一手段を選ぶ
choose-primary-lead = ふだんコードを受け取る方法です。
choose-backup-heading = バックアップ手段を選ぶ
choose-backup-lead = 第一手段を使えないときに、コードを受け取る方法です。第一手段：{ $primary }
choose-legend = コードの受け取り方法
choose-recommended = おすすめ
choose-unavailable = 選べません：
choose-app-hint = スマートフォンやパソコンのアプリにコードが表示されます。通信がなくても使え、いちばん簡単です。
choose-sms-hint = 携帯電話に送ります。ご家族など、信頼できる方の電話でもかまいません。
choose-voice-hint = 固定電話にもおかけできます。コードを3回読み上げます。
choose-known = 以前のシステムで登録された電話番号
choose-known-number = 末尾{ $digits }の番号
choose-known-none = 別の番号
choose-known-hint = コードで確認できるまでは使われません。別の番号を使うときは、下に入力してください。
choose-phone = 電話番号
choose-phone-hint = SMSと音声通話に使います。例：090-1234-5678。日本以外の番号は＋と国番号から入力してください。音声通話では「内線12」のように内線番号も付けられます。
choose-label = この方法の呼び名（任意）
choose-label-hint = あとで見分けるための名前です。例：会社の電話、会社のパソコン
choose-submit = 次へ

choose-nothing = コードの受け取り方法を選んでください。
choose-phone-empty = コードを受け取る電話番号を入力してください。
choose-not-a-number = 電話番号として読み取れません。数字をご確認ください。日本以外の番号は＋と国番号から入力してください。
choose-kind-refused = フリーダイヤル、ナビダイヤル、有料番号、ポケットベル、衛星電話の番号には、コードを送れません。別の番号を入力してください。
choose-other-country = この国の電話番号にはコードを送れません。別の番号を入力するか、認証アプリを選んでください。
choose-not-reached = この番号にはコードを送れません。別の番号を入力するか、認証アプリを選んでください。
choose-extension-bad = 内線番号は1〜7桁の数字です。内線番号をご確認ください。
choose-landline-sms = 固定電話ではSMSを受け取れません。音声通話を選ぶか、携帯電話の番号を入力してください。
choose-voip-sms = 050の番号ではSMSを受け取れません。音声通話を選ぶか、携帯電話の番号を入力してください。
choose-extension-sms = 内線つきの番号ではSMSを受け取れません。音声通話を選ぶか、内線のない番号を入力してください。
choose-app-twice = 第一手段が認証アプリのため、バックアップ手段には電話番号を登録してください。
choose-same-number = この番号は第一手段として登録済みです。別の電話番号か認証アプリを登録してください。
choose-label-bad = 呼び名は1行で40文字までです。短くしてください。
choose-wait = 次のメッセージは{ $time }から送れます。その時刻以降に進むか、認証アプリを選んでください。
choose-no-more-sends = 続けて送れる回数の上限に達しました。次のメッセージは{ $time }から送れます。認証アプリは今すぐ登録できます。

pairs-summary = 登録できる組み合わせ
pairs-primary = 第一手段
pairs-backup = 選べるバックアップ手段
pairs-app = 認証アプリ
pairs-sms = SMS（携帯電話）
pairs-voice = 音声通話（携帯電話・固定電話）
pairs-app-backup = 電話番号へのSMS、電話番号への音声通話（携帯電話・固定電話）
pairs-phone-backup = 認証アプリ、別の番号へのSMS、別の番号への音声通話
pairs-note = SMSと音声通話のどちらで使う場合も、同じ電話番号を2つの手段に登録することはできません。固定電話と050の番号は、音声通話だけに使えます。

prove-heading-app = 認証アプリを設定
prove-heading-sms = SMSが届くことを確認
prove-heading-voice = 電話がつながることを確認
prove-app-open = スマートフォンかパソコンで認証アプリを開きます。お持ちでない場合は、先にアプリストアから入れてください。
prove-app-scan = アプリでアカウントを追加し、このQRコードを読み取ります。
prove-app-qr = 認証アプリ用のQRコード。同じ内容のキーを下に文字で表示しています。
prove-app-here = この端末のアプリを使う場合
prove-app-link = アプリで開く
prove-app-key = 読み取れないときは、次のキーをアプリに入力してください。
prove-app-key-kind = 時間ベース、6桁。大文字と小文字、空白の有無は問いません。
prove-app-enter = アプリに表示された6桁の数字を入力します。
prove-submit = コードを確認する
prove-send-again-sms = SMSをもう一度送る
prove-send-again-voice = もう一度電話を受ける
prove-send-again-sms-from = { $time }以降に、もう一度お送りできます。
prove-send-again-voice-from = { $time }以降に、もう一度お電話できます。
prove-no-more-sends = 続けて送れる回数の上限に達しました。次は{ $time }から送れます。別の方法を選ぶこともできます。
prove-number = 入力した番号：
prove-change-number = 番号や方法を変更する
number-with-extension = { $number } 内線{ $extension }
prove-choose-again = 別の方法を選ぶ

done-heading = 2段階認証を有効にしました
done-lead = 次回から、パスワードと認証コードでログインします。
done-continue = { $service }へ進む

## ログアウト

sign-out-heading = ログアウト
sign-out-question = この端末で{ $service }からログアウトしますか？
sign-out-forget = この端末の信頼を解除
sign-out-forget-hint = この端末での次のログインから、コードの入力が必要になります。
sign-out-submit = ログアウトする
sign-out-stay = ログインしたままにする

## ウィンドウ全体

top-heading = 続けるにはログインが必要です
top-lead = ページのこの部分を表示するには、ログインが必要です。ログインページはウィンドウ全体に開きます。
top-continue = ログインページへ
top-heading-fresh = 続けるには認証コードが必要です
top-lead-fresh = ページのこの部分を表示するには、信頼済みの端末でも、新しい認証コードの入力が必要です。入力のページはウィンドウ全体に開きます。
top-continue-fresh = 次へ

## エラー

error-forbidden-heading = このページは開けません
error-forbidden = お使いのアカウントには、このページを見る権限がありません。必要な場合は、{ $service }の運営窓口にご相談ください。
error-not-found-heading = ページが見つかりません
error-not-found = アドレスが違うか、ページが移動した可能性があります。
error-method-heading = この操作はできません
error-method = 前のページに戻り、ページ上のボタンを使ってください。
error-too-large-heading = 送信内容が大きすぎます
error-too-large = このページで受け取れる大きさを超えています。前のページに戻り、短くしてから送ってください。
error-too-slow-heading = 送信に時間がかかりすぎました
error-too-slow = 通信が遅いか途切れたため、何も変更していません。前のページに戻り、もう一度送ってください。
error-misdirected-heading = このアドレスのページはありません
error-misdirected = アドレスをご確認のうえ、ページを開き直してください。
error-form-expired-heading = このフォームは期限切れです
error-form-expired = 長いあいだ開いたままだったか、別のウィンドウから送られたため、何も変更していません。ページを開き直して、もう一度送ってください。
error-request-heading = リクエストを読み取れませんでした
error-packed-heading = 圧縮された送信は受け取れません
error-request = ブラウザーから読み取れない内容が届きました。ページを最初から開き直してください。
error-internal-heading = こちら側で問題が起きました
error-internal = お客様の操作が原因ではありません。数分後にもう一度お試しください。
error-bad-gateway-heading = { $service }から応答がありません
error-bad-gateway = 現在{ $service }につながりません。数分後にもう一度お試しください。
error-unavailable-heading = ただいま混み合っています
error-unavailable = お客様の操作が原因ではありません。1分ほど待ってから、もう一度お試しください。
error-console-down-heading = ただいま{ $service }をご利用いただけません
error-console-down = お客様の操作が原因ではありません。送信された内容は{ $service }に届いていません。数分後にもう一度お試しください。
error-gateway-timeout-heading = { $service }の応答に時間がかかっています
error-gateway-timeout = { $service }が時間内に応答しませんでした。フォームを送り直す前に、処理が済んでいないかご確認ください。
error-reference = お問い合わせ番号
error-reference-hint = お問い合わせの際は、この番号をお伝えください。
error-back = { $service }へ戻る
error-open-again = ページを開き直す
