
### ガイド。かぎ括弧の中はページ上の言葉で、実際の表示と食い違わないよう参照で書く。

guides-title = ガイド
guides-all = ガイド一覧
guides-lead = 2段階のログインの仕組みと、うまくいかないときの対処方法をまとめています。
footer-guide = ガイド：{ $title }
guide-contents = このページの内容
guide-back = 元のページに戻る

length-days = { $count }日間
length-hours = { $count }時間
length-minutes = { $count }分間
length-seconds = { $count }秒

## 有効にする

guide-enabling-title = 2段階認証を有効にするには
guide-enabling-lead = パスワードと認証コードの2つでログインするようになります。パスワードをほかの人に知られても、その人の端末からはログインできません。

guide-enabling-need-heading = ご用意いただくもの
guide-enabling-need-password = { $service }で今お使いのユーザー名（またはメールアドレス）とパスワード
guide-enabling-need-ways = コードを受け取る方法を2つ。ふだん使う第一手段と、第一手段を使えないときのバックアップ手段です。
guide-enabling-need-phone = 2つのうち少なくとも1つは電話です。携帯電話でも固定電話でも登録できるため、携帯電話がなくてもかまいません。
guide-enabling-need-others = ご家族など、信頼できる方の電話でもかまいません。1つの番号を複数のアカウントに登録でき、メッセージに表示されるのはサービス名だけで、アカウント名は表示されません。認証アプリはパソコンでも使えます。

guide-enabling-pairs-heading = 2つの方法の組み合わせ
guide-enabling-pairs = 第一手段には認証アプリをおすすめします。通信がなくても使え、メッセージが遅れる心配もありません。

guide-enabling-steps-heading = 手順
guide-enabling-step-sign-in = { $service }を開き、ユーザー名とパスワードを入力して「{ sign-in-submit }」を押します。
guide-enabling-step-begin = 「{ enrol-link-heading }」と表示された場合は、メールのリンクを同じブラウザーで開き、「{ link-enrolment-submit }」を押します。ご本人のアカウントであることを確認するためです。「{ enrol-intro-heading }」のページで「{ enrol-begin }」を押します。
guide-enabling-step-primary = 「{ choose-primary-heading }」のページで、「{ method-app }」「{ method-sms }」「{ method-voice }」のどれかを選びます。SMSと音声通話の場合は「{ choose-phone }」も入力します。「{ choose-submit }」を押します。
guide-enabling-step-prove = 使えることを確認します。認証アプリの場合は、QRコードを読み取り、アプリに表示された6桁の数字を入力します。SMSと音声通話の場合は、お届けした6桁の数字を入力します。「{ prove-submit }」を押します。
guide-enabling-step-backup = 「{ choose-backup-heading }」のページで2つ目の方法を選び、「{ choose-submit }」を押して、同じように確認します。
guide-enabling-step-codes = 続けて「{ done-codes-show }」を押し、表示されたコードを紙に書くなどして安全な場所に保管します。2つの方法をどちらも使えなくなったとき、このコードで2段階認証を登録し直せます。そのあと{ $service }へお進みください。
guide-enabling-step-done = 「{ done-heading }」と表示されたら、登録は完了です。

guide-enabling-stop-heading = 途中でやめた場合
guide-enabling-stop = 2つとも確認が終わるまでは何も有効にならないため、ログインできなくなることはありません。登録の手続きは、パスワードの入力から{ $pending }続けられます。それを過ぎたら、もう一度ログインして最初から始めてください。
guide-enabling-later = 「{ rollout-later }」と表示されている場合は、後回しにできます。ただし、ページに表示された期限と回数までです。

guide-enabling-after-heading = 登録したあとは
guide-enabling-after = ログインのたびに認証コードの入力をお願いします。ご自分だけが使う端末では、コードを入力するページで「{ code-trust }」にチェックを入れることができます。
guide-enabling-change = 2つの方法は、あとから「{ settings-heading }」で変更できます。

## 認証アプリ

guide-app-title = 認証アプリの使い方
guide-app-lead = 認証アプリには、{ $step }ごとに新しい6桁のコードが表示されます。スマートフォンでもパソコンでも使え、通信は必要ありません。

guide-app-which-heading = アプリの選び方
guide-app-which-phone = スマートフォン（iPhone、Android）では、Google Authenticator、Microsoft Authenticator、2FASなどがあります。iPhoneの「パスワード」アプリでも使えます。
guide-app-which-computer = パソコンでは、KeePassXC、1Password、Macの「パスワード」アプリなどがあります。
guide-app-which-any = ここに挙げたのは一例です。時間ベースのワンタイムパスワード（TOTP、RFC 6238）に対応したアプリであれば、どれでも使えます。ほかのサービスで使っているアプリがあれば、それをお使いください。

guide-app-scan-heading = スマートフォンで設定する
guide-app-scan-install = アプリストアから認証アプリを入れて、開きます。
guide-app-choose = コードの受け取り方法を選ぶページで「{ method-app }」を選び、「{ choose-submit }」を押します。QRコードが表示されます。
guide-app-scan-add = アプリでアカウントを追加します（多くのアプリでは＋のボタンです）。QRコードの読み取りを選びます。
guide-app-scan-camera = スマートフォンのカメラをQRコードに向けます。読み取ると、{ $service }の6桁の数字がアプリに表示されます。
guide-app-enter = その6桁の数字をページの「{ code-label }」に入力し、「{ prove-submit }」を押します。
guide-app-same-phone = アプリの入っているスマートフォンでページを開いている場合、読み取りは必要ありません。QRコードの下の「{ prove-app-link }」を押してください。何も開かないときは、次の説明のとおりキーを入力してください。

guide-app-key-heading = パソコンで設定する、またはカメラを使わずに設定する
guide-app-key-lead = QRコードの下に、同じ内容のキーが4文字ずつに区切って表示されています。読み取る代わりに、このキーをアプリに入力します。
guide-app-key-install = パソコンに認証アプリを入れて、開きます。
guide-app-key-add = アプリで項目を追加し、キーを手で入力する方法を選びます。アプリによって、セットアップキー、シークレット、ワンタイムパスワードなどと呼ばれます。項目の名前は{ $service }にします。
guide-app-key-type = キーをコピーするか、入力します。使われている文字は英字のAからZと数字の2から7だけです。ゼロに見える文字は英字のO（オー）、1に見える文字は英字のI（アイ）です。大文字と小文字、空白の有無は問いません。
guide-app-key-kind = アプリで種類を選ぶ場合は、時間ベース、6桁、{ $step }、SHA-1を選びます。
guide-app-key-secret = QRコードとキーは、誰にも見せないでください。知られると、同じコードを作られてしまいます。最初のコードを入力したあとは、もう表示されません。

guide-app-use-heading = 認証アプリでログインする
guide-app-use-open = 「{ code-heading-app }」と表示されたら、アプリを開き、{ $service }の項目を探します。
guide-app-use-type = 今表示されている6桁の数字を入力し、「{ code-submit }」を押します。まもなく切り替わるときは、次のコードをお待ちください。
guide-app-use-once = 1つのコードは1回だけ使えます。{ $step }以内に続けてログインするときは、次のコードをお待ちください。

guide-app-refused-heading = コードが違うと表示されるとき
guide-app-clock = 認証アプリが入っている端末の時計をご確認ください。コードは時刻をもとに作られるため、時計が1分ずれるだけでコードが違ってしまいます。端末の設定で、日付と時刻、タイムゾーンを自動設定にしてください。
guide-app-entry = { $service }の、このアカウントの項目を見ていることをご確認ください。登録をやり直したことがある場合、使えるのはいちばん新しい項目だけです。古い項目は削除してください。
guide-app-next = コードが切り替わった直後や、すでに使ったコードの場合は、次のコードを入力してください。

guide-app-new-phone-heading = 機種変更をするとき
guide-app-new-phone-lead = 新しいスマートフォンで使えるようになるまで、古いスマートフォンを手もとに残しておいてください。
guide-app-new-phone-sign-in = 古いスマートフォンのコードでログインします。
guide-app-new-phone-settings = 「{ settings-heading }」を開きます。
guide-app-new-phone-replace = 「{ method-app }」の横の「{ settings-change }」を押し、「{ settings-replace }」を押します。先にコードの入力をお願いすることがあります。古いスマートフォンかバックアップ手段のコードを入力してください。
guide-app-new-phone-prove = もう一度「{ method-app }」を選び、「{ choose-submit }」を押します。新しいスマートフォンで新しいQRコードを読み取り、表示された6桁の数字を入力して「{ prove-submit }」を押します。
guide-app-new-phone-delete = 古いスマートフォンの項目を削除します。そのコードはもう使えません。
guide-app-new-phone-lost = 古いスマートフォンが手もとにない場合は、コードを入力するページの「{ code-help-app }」からバックアップ手段でログインし、上と同じように認証アプリを登録し直してください。バックアップ手段も使えないときは、次のガイドをご覧ください。

## コードが届かない

guide-no-code-title = コードが届かないとき
guide-no-code-lead = ほとんどの場合、もう一度送る、同じ番号で電話を受ける、バックアップ手段を使うなど、別の方法でコードを受け取れます。

guide-no-code-first-heading = コードを入力するページでできること
guide-no-code-open = 入力欄の下の「{ code-help-message }」（認証アプリの場合は「{ code-help-app }」）を押します。押しただけでは何も送られません。次のページで方法を選びます。
guide-no-code-again = 届くまで数分かかることがあります。それでも届かないときは、「{ help-send-again-sms }」または「{ help-send-again-voice }」を押します。コードが有効なあいだは同じコードをお送りするので、どのメッセージのコードも使えます。
guide-no-code-channel = SMSが届かないときは「{ help-call-instead }」、電話に出られないときは「{ help-text-instead }」を押します。
guide-no-code-other = 「{ help-use-backup }」を押します。バックアップ手段でも同じようにログインでき、そのあとで第一手段を変更できます。
guide-no-code-limits = 最初のメッセージから{ $wait }たつと、もう一度送れます。送るたびに待ち時間は長くなり、{ $sends }回送り直すと、しばらく送れなくなります。次に送れる時刻はページに表示されます。コードの有効期間は{ $code }です。

guide-no-code-sms-heading = SMSの場合
guide-no-code-digits = ページに表示されている末尾2桁が、お使いの番号と合っていることをご確認ください。違う場合は、バックアップ手段でログインして番号を変更してください。
guide-no-code-signal = 電波が届いていて、機内モードになっていないことをご確認ください。機内モードをいったんオンにしてオフに戻すと、届くことがあります。
guide-no-code-newest = 何通か届いている場合は、いちばん新しいメッセージのコードを入力してください。
guide-no-code-spam = メッセージアプリの迷惑メッセージのフォルダーをご確認ください。差出人で振り分けられるため、見つかったら差出人を許可してください。
guide-no-code-refuse = 携帯電話会社のSMS拒否設定をご確認ください。知らない番号や他社、海外からのSMSを受け取らない設定になっていることがあります。
guide-no-code-full = 端末の空き容量がない場合は、古いメッセージを削除してください。
guide-no-code-data-only = データ通信専用のSIMではSMSを受け取れません。認証アプリか、別の電話での音声通話をお使いください。

guide-no-code-voice-heading = 音声通話の場合
guide-no-code-unknown-caller = 知らない番号や非通知でかかってくることがあります。そのような着信を拒否する設定や迷惑電話対策の機能がある場合は、一時的に解除してください。
guide-no-code-answerphone = 留守番電話に切り替わる前に電話に出るか、留守番電話を解除してください。コードは3回読み上げます。ボタン操作や応答は必要ありません。
guide-no-code-engaged = 話し中だった場合や出られなかった場合は、「{ help-send-again-voice }」を押してください。
guide-no-code-extension = 内線の電話で受ける場合は、内線番号も必要です。番号を登録するときに付けることができます。

guide-no-code-app-heading = 認証アプリの場合

guide-no-code-kinds-heading = 固定電話、050の番号、海外の場合
guide-no-code-landline = 固定電話ではSMSを受け取れません。音声通話をお使いください。
guide-no-code-050 = 050の番号は音声通話だけに使えます。フリーダイヤル、ナビダイヤル、有料番号、ポケットベル、衛星電話の番号には、コードを送れません。
guide-no-code-abroad = 海外では、SMSと音声通話にローミングが必要で、遅れることもあります。認証アプリは通信がなくても使えますので、出発の前に登録しておくことをおすすめします。

guide-no-code-wrong-heading = コードは届いたのに違うと表示されるとき
guide-no-code-wrong = 間違いが{ $tries }回続くと、その方法は{ $pause }使えなくなり、繰り返すたびに長くなります。いつから使えるかはページに表示されます。もう1つの方法は使えますので、そちらをお試しください。
guide-no-code-disabled = 間違いが非常に多いと、その方法は停止します。もう1つの方法でログインして、登録し直してください。

guide-no-code-none-heading = どの方法も使えないとき
guide-no-code-none = 2つの方法がどちらも使えないときは、もう一度ログインできるようにするための手続きが必要です。次のガイドをご覧ください。

## 変更できない

guide-cannot-change-title = 設定を変更できないとき
guide-cannot-change-lead = コードを受け取る方法を変更するには、2つのうちどちらかのコードが必要です。片方または両方を使えなくなったときの手続きをご案内します。

guide-cannot-change-one-heading = どちらか1つは使えるとき
guide-cannot-change-one = ご自分で変更できます。
guide-cannot-change-one-help = パスワードを入力し、コードを入力するページで「{ code-help-message }」または「{ code-help-app }」を押します。
guide-cannot-change-one-backup = 「{ help-use-backup }」または「{ help-use-primary }」で使えるほうに切り替え、そのコードを入力します。
guide-cannot-change-one-settings = 「{ settings-heading }」を開き、使えなくなった方法の横の「{ settings-change }」を押して、「{ settings-replace }」を押します。

guide-cannot-change-codes-heading = どちらも使えないが、回復コードがあるとき
guide-cannot-change-codes = 登録の最後に、回復コードを保管していることがあります。1つのコードは1回だけ使えます。
guide-cannot-change-codes-open = 「{ help-recovery-code }」を押します。
guide-cannot-change-codes-enter = 保管しているコードのうち1つを入力します。使ったコードには印を付けておいてください。
guide-cannot-change-set-up = 最初と同じように「{ enrol-again }」を押し、新しい方法を2つ登録します。登録が終わると{ $service }を使えます。

guide-cannot-change-ask-heading = どちらも使えず、回復コードもないとき
guide-cannot-change-ask-open = 「{ help-recovery }」を押します。
guide-cannot-change-ask-receipt = 手続きの流れを確認して「{ recovery-submit }」を押し、表示された受付番号を控えます。
guide-cannot-change-ask-wait = しばらくお待ちください。ご本人の申請でなかった場合に取り消せるよう、ページに表示された時刻より前に判断が下されることはありません。
guide-cannot-change-ask-answer = { $service }の運営窓口がご本人であることを確認し、チケットをお渡しします。チケットを使える期間は限られています。
guide-cannot-change-ask-notices = 申請があると、登録されている電話番号とメールアドレスにお知らせします。取り消し用のリンクは、SMSとメールに付いています。認証コードでログインしても、申請は取り消されます。心当たりのないお知らせが届いたときは、申請を取り消し、パスワードを変更してください。
guide-cannot-change-ask = この項目が表示されないときや、手続きが進まないときは、{ $service }の運営窓口にご連絡ください。

guide-cannot-change-ticket-heading = チケットを受け取ったら
guide-cannot-change-ticket-lead = チケットは、登録されていた2つの方法の代わりに1回だけ使えます。
guide-cannot-change-ticket-sign-in = ユーザー名とパスワードでログインします。
guide-cannot-change-ticket-enter = 「{ ticket-heading }」のページでチケットを入力し、「{ ticket-submit }」を押します。大文字と小文字、空白、ハイフンの有無は問いません。

guide-cannot-change-rest-heading = パスワードを再設定したあとの48時間
guide-cannot-change-rest = メールのリンクからパスワードを再設定すると、安全のため、48時間はコードの受け取り方法の変更と回復コードの利用ができません。いつからできるかは「{ settings-heading }」に表示されます。その間も、認証コードでのログインと、停止した方法の設定し直しはできます。

guide-cannot-change-after-heading = 手続きのあとで変わること
guide-cannot-change-after = それまでのセッションと信頼済みの端末は、すべて解除されます。古い電話を手に入れた人がログインしたままになることはありません。コードを受け取る方法は2つとも新しくなり、お使いの端末ではそれぞれ一度コードをお願いします。

guide-cannot-change-never-heading = 決して行わないこと
guide-cannot-change-never-off = 2段階認証を無効にすることはありません。必ず新しい方法を2つ登録していただきます。
guide-cannot-change-never-asked = 電話やメール、チャットで、コードやチケット、パスワードをお聞きすることはありません。聞いてくる相手は、当サービスの者ではありません。
guide-cannot-change-never-password = パスワードを変更しても、コードの代わりにはなりません。2段階目が省かれたり、変わったりすることはありません。

## 何度も求められる

guide-asked-often-title = 何度もコードを求められるとき
guide-asked-often-lead = 信頼済みにしていないブラウザーでは、そのつどコードをお願いしています。理由は、コードを入力するページに表示されます。

guide-asked-often-trust-heading = コードの入力を減らすには
guide-asked-often-tick = コードを入力するページで「{ code-trust }」にチェックを入れます。
guide-asked-often-enter = コードを入力し、「{ code-submit }」を押します。
guide-asked-often-next = そのブラウザーでは、{ $trust }はパスワードだけでログインできます。期間が過ぎると、もう一度コードをお願いします。使っていても期間は延びません。
guide-asked-often-shared = ほかの人も使うパソコンでは、チェックを入れないでください。パスワードだけでログインできるようになってしまいます。
guide-asked-often-list = 信頼済みのブラウザーは「{ settings-heading }」で確認でき、1つずつ解除することもできます。

guide-asked-often-why-heading = それでも求められる理由
guide-asked-often-over = { $trust }の期間が過ぎました。
guide-asked-often-browser = 別のブラウザー、ブラウザーの別のプロフィール、別の端末を使っています。信頼はそれぞれに必要です。
guide-asked-often-private = プライベートウィンドウ（シークレットウィンドウ）を使っています。閉じると、すべて消えます。
guide-asked-often-cookies = ブラウザーを閉じるときにCookieを削除する設定になっているか、掃除用のソフトが削除しています。このアドレスを対象から外してください。
guide-asked-often-void = パスワードやコードを受け取る方法が変わったか、信頼が解除されました。その場合、信頼済みの端末でも一度コードをお願いします。
guide-asked-often-most = 信頼済みの端末は、1つのアカウントにつき{ $devices }台までです。それを超えると、いちばん古いものから解除されます。
guide-asked-often-fresh = 「{ settings-heading }」などで、重要な変更をしようとしました。信頼済みの端末でもコードが必要です。入力したコードは{ $fresh }有効です。

guide-asked-often-several-heading = 1つのログインを何人かで使っている場合
guide-asked-often-several = 一人ひとりがブラウザーごとにコードを求められ、コードは1人の電話にだけ届きます。また、1人が設定を変更すると、全員がもう一度コードを入力することになります。
guide-asked-often-own = ログインは1人に1つずつお持ちになり、コードを受け取る方法もそれぞれ登録してください。お勤め先でこのアカウントを管理している方に、ご自分のログインをご依頼ください。

guide-asked-often-signed-out-heading = 何度もログアウトしてしまう場合
guide-asked-often-signed-out = これはコードとは別の理由です。{ $idle }操作がないとき、またはログインから{ $absolute }たつと、ログアウトします。信頼済みの端末では、パスワードを入力すると続きから操作できます。
