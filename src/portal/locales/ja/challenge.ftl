
### The code page and the way out when no code comes; comfort with scripts

code-clock-slow = このコードは約{ $minutes }分前のものです。アプリに今このコードが表示されている場合は、その端末の時計が遅れています。日付と時刻を自動設定にして、新しいコードを入力してください。
code-clock-hint = コードが続けて受け付けられないときは、アプリの入った端末の日付と時刻が自動設定になっているかご確認ください。
code-over = このコードは使えなくなりました。
code-new-from = 新しいコードは{ $time }から受け取れます。
code-unsent = 末尾{ $digits }の番号には、まだコードを送っていません。今すぐ受け取れます。
code-unsent-from = 末尾{ $digits }の番号には、少し前にメッセージを送りました。次のコードは{ $time }から受け取れます。
code-no-more-sends = 続けて送れる回数の上限に達しました。次のコードは{ $time }から受け取れます。
code-not-yet = メッセージは少し前に送りました。{ $time }以降に、もう一度お送りできます。
code-not-yet-voice = 先ほどお電話しました。{ $time }以降に、もう一度お電話できます。
code-newest-counts = 前のメッセージや電話でお伝えしたコードは使えなくなりました。いちばん新しいコードを入力してください。
delivery-sms-queued = 状況：送信中です。
delivery-sms-sent = 状況：送信しました。
delivery-sms-failed = メッセージを送信できませんでした。別の方法でコードを受け取ってください。
delivery-not-sms = この番号ではSMSを受け取れません。音声通話か、別の方法を選んでください。
delivery-refused = この番号にはコードを送信できません。別の方法をご利用ください。
delivery-voice-queued = 状況：発信中です。
delivery-voice-sent = 状況：発信しました。電話が鳴ったらお取りください。
delivery-voice-failed = 電話をかけられませんでした。別の方法でコードを受け取ってください。
delivery-voice-unanswered = 応答がありませんでした。もう一度電話を受けるか、別の方法をお選びください。
help-neither-heading = どちらの方法も使えないとき
help-recovery-code = 回復コードを使う
help-recovery-code-hint = 保管した回復コードのうちの1つを使います。
help-recovery-code-left = 残りは{ $left }個です。
help-recovery-code-none = 使える回復コードがありません。ログインしたあと、高度なセキュリティ設定で発行できます。
help-recovery = アカウント回復を申請する
help-recovery-hint = 受付番号を発行し、運営窓口がご本人であることを確認します。
copy = コピー
copied = コピーしました。
off-heading = コードを受け取る方法を設定し直してください
off-lead = 入力の間違いが多かったため、次の方法は停止しています。今はログインしているので、設定し直せます。それまでは、もう一方の方法だけが使えます。
off-settings = セキュリティ設定へ進む
off-later = あとで設定し、{ $service }へ進む
choose-phone-risk = 電話番号を他人に乗っ取られると、コードも読まれてしまいます。認証アプリのほうが安全です。
choose-one-phone = 2つの手段を1台の電話にまとめると、その電話をなくしたときに両方使えなくなります。登録はできますが、会社やご家族の電話など、別の電話のほうが安心です。
