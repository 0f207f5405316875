### セッションの終了後に送信された内容

held-kept = 送信された内容は{ $time }までお預かりしています。ログインすると、送信できます。
held-kept-code = 送信された内容は{ $time }までお預かりしています。認証コードを入力すると、送信できます。
held-too-large = 送信された内容は大きすぎるため、お預かりできませんでした。もう一度送信してください。ブラウザーの「戻る」で、入力した内容が表示されることがあります。
held-no-room = 送信された内容をお預かりできませんでした。もう一度送信してください。ブラウザーの「戻る」で、入力した内容が表示されることがあります。

held-heading = 入力した内容を送信しますか？
held-lead = { $time }に送信された内容は、まだ{ $service }に届いていません。{ $until }までお預かりしています。
held-to = 送信先
held-submit = 送信する
held-code = 認証コードを入力する
held-code-hint = 送信するには、新しい認証コードが必要です。入力後、このページに戻ります。
held-password = 新しいパスワードを設定する
held-password-hint = 先に新しいパスワードの設定が必要です。設定後、このページに戻ります。
held-refused = 権限が変更されたため、この内容は送信できません。ダウンロードすることはできます。
held-what = 送信する内容
held-show-all = すべての項目を表示
held-more = ほかに{ $count }項目あります。このページには表示していませんが、ダウンロードには含まれます。
held-empty = 入力された項目はありません。
held-unreadable = 文字として表示できない内容（{ $size }）
held-value-empty = 空欄
held-value-secret = 表示しません
held-value-file = ファイル：{ $name }（{ $size }）
size-bytes = { $count }バイト
size-kilobytes = { $count } KB
size-megabytes = { $count } MB
held-download = 入力した内容をダウンロードする
held-file-lines = 1項目を1行にしたテキストファイルです。パスワードなども含まれます。
held-file-text = 送信された内容そのままのテキストファイルです。
held-file-raw = ブラウザーから送信された内容そのままのファイルです。プログラム向けの形式のため、読みにくいことがあります。
held-back = 送信せずに戻る
held-discard-ask = 破棄する

held-discard-heading = 入力した内容を破棄しますか？
held-discard-what = 内容を削除します。元に戻すことはできません。送信もされません。
held-discard = 破棄する
held-keep = 破棄しない
held-discarded-heading = 破棄しました
held-discarded = 入力した内容を削除しました。送信はしていません。

held-waiting-heading = まだ送信していない内容
held-waiting = ログアウトしていたか、認証コードが必要だったため、{ $service }に届いていません。内容を確認し、送信または破棄してください。
held-one = { $path }への送信内容
held-until = { $time }までお預かりしています
held-several-heading = まだ送信していない内容があります
held-several = 次の内容は、まだ{ $service }に届いていません。選んで、送信または破棄してください。
held-none = このブラウザーでお預かりしている内容はありません。

held-gone-heading = 送信する内容はありません
held-gone = お預かりできる時間を過ぎたか、すでに破棄されています。必要な場合は、もう一度入力してください。
held-sent-heading = すでに送信しました
held-sent = 入力した内容は、{ $time }に{ $service }へ送信しました。二重に送信されることはありません。結果は{ $service }のページで確認してください。
held-other-heading = 別のアカウントで送信された内容です
held-other = 別のアカウントでログインしていたときに送信された内容のため、このアカウントからは送信できません。{ $time }までに、そのアカウントでログインし直してください。
