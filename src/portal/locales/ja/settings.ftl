
### Advanced security settings and the fresh code

## 新しい認証コード

code-why-fresh = ログインの設定など、大切な内容を扱うページです。続けるには、新しい認証コードが必要です。

fresh-heading = ご本人の確認
fresh-lead = 続けるには、新しい認証コードが必要です。信頼済みの端末でもお願いしています。
fresh-begin-app = 認証コードを入力する
fresh-begin-sms = SMSでコードを受け取る
fresh-begin-voice = 電話でコードを受け取る
fresh-app-hint = 認証アプリをご用意ください。
fresh-sms-hint = 末尾{ $digits }の番号にSMSを送ります。
fresh-voice-hint = 末尾{ $digits }の番号に電話をかけ、コードを3回読み上げます。
fresh-submit = 続ける
fresh-cancel = コードを入力せずに戻る
