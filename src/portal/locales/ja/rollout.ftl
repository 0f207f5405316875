
## 2段階認証の段階的な導入

rollout-grace = { $date }までに設定してください。それまでは、あと{ $times }回まで後回しにできます。
rollout-over = これ以上先に延ばすことはできません。{ $service }に進むには、今ここで設定してください。
rollout-later = 後で設定する
enable-heading = 2段階認証を有効にする
enable-lead = 現在はパスワードだけでログインしています。セキュリティ設定など、保護されたページを開くには2段階認証が必要です。もう一度パスワードを入力してから、コードを受け取る方法を2つ登録してください。
enable-name = ユーザー名
enable-wrong = パスワードが違います。ご確認のうえ、もう一度入力してください。
enable-missing = パスワードを入力してください。
enable-back = { $service }へ戻る
