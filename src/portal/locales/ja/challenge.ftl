
### The code page and the way out when no code comes; comfort with scripts

code-clock-slow = このコードは約{ $minutes }分前のものです。アプリに今このコードが表示されている場合は、その端末の時計が遅れています。日付と時刻を自動設定にして、新しいコードを入力してください。
code-clock-hint = コードが続けて受け付けられないときは、アプリの入った端末の日付と時刻が自動設定になっているかご確認ください。
code-over = このコードは使えなくなりました。
code-new-from = 新しいコードは{ $time }から受け取れます。
code-unsent = 末尾{ $digits }の番号には、まだコードを送っていません。今すぐ受け取れます。
code-unsent-from = 末尾{ $digits }の番号には、少し前にメッセージを送りました。次のコードは{ $time }から受け取れます。
code-no-more-sends = 続けて送れる回数の上限に達しました。次のコードは{ $time }から受け取れます。
code-not-yet = メッセージは少し前に送りました。{ $time }以降に、もう一度お送りできます。
delivery-sms-queued = メッセージを送信しています。
delivery-sms-sent = メッセージを送信しました。まもなく届きます。
delivery-sms-failed = メッセージを送信できませんでした。別の方法でコードを受け取ってください。
delivery-voice-queued = 電話をかける準備をしています。
delivery-voice-sent = 電話をおかけしました。
delivery-voice-failed = 電話をかけられませんでした。別の方法でコードを受け取ってください。
help-neither-heading = 2つの方法をどちらも使えないとき
help-recovery-code = 回復用コードを使う
help-recovery-code-hint = 2段階認証を有効にしたときに保管した、10個のコードのうちの1つを使います。
help-recovery = アカウント回復を申し込む
help-recovery-hint = 受付番号を発行し、サービスの担当者が内容を確認します。
copy = コピー
copied = コピーしました。
