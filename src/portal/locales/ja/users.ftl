
## ユーザー権限

users-heading = ユーザー権限
users-lead = { $seller }のユーザーです。お一人ずつ、ご自身のログインをお使いください。
users-owner = 管理者
users-you = ご自身
users-email = メールアドレス
users-display-name = 表示名（任意）
users-groups = 権限
users-no-groups = なし
users-two-step = 2段階認証
users-two-step-on = 有効（第一手段：{ $primary }、バックアップ手段：{ $backup }）
users-two-step-off = 未設定
users-last = 最後のログイン
users-never = まだありません
users-shared = このログインは、複数の方が使っているようです。お一人ずつ招待してください。コードを求められる回数が減り、誰が操作したかも分かるようになります。
users-edit = { $user }の設定を変更
users-invitations = 招待中
users-invitation-until = リンクは{ $time }まで有効です。
users-invitation-over = リンクの有効期限が切れました。もう一度送ってください。
users-send-again = もう一度送る
users-withdraw = 招待を取り消す
users-invite-heading = ユーザーを招待
users-invite-lead = このアドレスにリンクを送ります。招待された方は、リンク先でユーザー名とパスワードを決め、続けて2段階認証を設定します。
users-invite = 招待を送る
users-no-mail = { $service }ではメールを送れないため、ここから招待することはできません。ユーザーの追加は、{ $service }の管理者にご依頼ください。
users-full = ユーザー数が上限に達しています。使っていないユーザーを削除するか、{ $service }の管理者にご相談ください。
users-settings = 高度なセキュリティ設定

users-invited = 招待メールを送りました。
users-sent-again = 新しい招待メールを送りました。前のメールのリンクは使えなくなりました。
users-withdrawn = 招待を取り消しました。リンクは使えなくなりました。
users-changed = 権限を変更しました。すぐに反映されます。
users-removed = ユーザーを削除し、すべての端末からログアウトさせました。
users-bad-address = メールアドレスとして読み取れません。name@example.jpのような形で入力してください。
users-bad-name = 表示名は1行で100文字までです。短くしてください。
users-already = このメールアドレスのユーザーは、すでに登録されています。
users-stale = 一覧が変わっていたため、何も変更していません。現在の一覧を表示しています。

users-edit-heading = { $user }の権限
users-edit-lead = このユーザーに許可するものを選んでください。ログイン中の画面にもすぐに反映されます。
users-fixed = 次の権限は、サービスの管理者だけが変更できます：{ $groups }
users-nothing-grantable = ここで変更できる権限はありません。{ $service }の管理者にご相談ください。
users-save = 保存する
users-remove = このユーザーを削除する
users-back = ユーザー一覧に戻る
users-remove-heading = { $user }を削除しますか？
users-remove-what = このユーザーはすべての端末からすぐにログアウトし、今後ログインできなくなります。元に戻すことはできませんが、もう一度招待することはできます。
users-keep = 削除しない
users-refused-heading = このページは管理者だけが開けます
users-refused = 出品者アカウントの管理者が、ユーザーを管理するページです。別の権限が必要な場合は、アカウントの管理者か{ $service }の管理者にご相談ください。

invited-heading = ご自身のログインを作成
invited-lead = { $seller }から{ $service }への招待です。ユーザー名と、ご自身だけが知るパスワードを決めてください。
invited-name = ユーザー名
invited-name-hint = 文字、数字、ピリオド、ハイフン、下線で64文字まで
invited-password-hint = 8文字以上。いくつかの言葉を続けると、覚えやすく、推測されにくくなります。
invited-repeat = パスワード（もう一度）
invited-submit = ログインを作成する
invited-bad-name = ユーザー名は、文字、数字、ピリオド、ハイフン、下線で1〜64文字です。別のユーザー名を入力してください。
invited-name-taken = このユーザー名はすでに使われています。別のユーザー名を入力してください。
invited-email-taken = このメールアドレスは、すでに別のログインで使われています。そのログインをお使いになるか、別のアドレスへの招待を依頼してください。
invited-differ = 2つのパスワードが一致しません。同じものを2回入力してください。
invited-too-many = 本日はこれ以上お試しになれません。明日、もう一度リンクを開いてください。
invited-over-heading = この招待は終了しました
invited-over = 使用済みか、取り消しまたは再送信されたか、有効期限が切れています。招待した方に、新しい招待を依頼してください。
invited-sign-in = ログインページへ
notice-account-made = ログインを作成しました。パスワードを入力して、2段階認証の設定に進んでください。
signed-in-users = ユーザー権限

users-settings-owner = 出品者アカウントのユーザーを管理できます。
users-settings-shared = このログインは、複数の方が使っているようです。そのため、コードを求められる回数が多くなっています。ご自身のログインがあれば、端末を信頼済みにでき、操作もご自身の名前で記録されます。
users-ask = 自分用のログインを管理者に依頼する
users-asked = 管理者にメールで依頼しました。
users-asked-before = 本日はすでに管理者に依頼しています。
code-shared = このログインは、複数の方が使っているようです。そのため、コードを求められる回数が多くなっています。セキュリティ設定から、自分用のログインを依頼できます。
