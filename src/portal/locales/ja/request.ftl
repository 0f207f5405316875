
### The recovery request

recovery-heading = アカウント回復を申請する
recovery-lead = コードを受け取る2つの方法がどちらも使えず、回復コードもない場合のお手続きです。
recovery-plan-receipt = 受付番号を発行します。
recovery-plan-told = 登録されている電話番号とメールアドレスに、申請があったことをお知らせします。お知らせを受け取れる人は、申請を取り消せます。
recovery-plan-wait = { $wait }の待ち時間のあと、{ $service }の運営窓口がご本人であることを確認し、判断します。
recovery-plan-ticket = 承認されると、運営窓口からチケットをお渡しします。チケットとパスワードで、2つの方法を登録し直せます。
recovery-submit = アカウント回復を申請する
recovery-after = 承認されると、すべての端末からログアウトし、信頼済みの端末の登録も解除します。
recovery-open-heading = アカウント回復の申請
recovery-receipt = 受付番号
recovery-waiting = { $service }の運営窓口は、{ $time }以降に判断できます。
recovery-decidable = 待ち時間が終わりました。{ $service }の運営窓口が判断できます。
recovery-contact = 受付番号を書きとめて、{ $service }の運営窓口にお伝えください。ご本人であることを確認したうえで、チケットをお渡しします。
recovery-told = 登録されている電話番号とメールアドレスにお知らせしました。SMSとメールのリンクから申請を取り消せます。
recovery-cancel-by-code = どちらかの方法が使えるようになったら、いつものように認証コードでログインしてください。申請は取り消されます。
recovery-refused = 申請（受付番号：{ $receipt }）は承認されませんでした。もう一度申請する前に、{ $service }の運営窓口にご相談ください。
recovery-cancelled = 申請（受付番号：{ $receipt }）は取り消されました。お心当たりがない場合は、{ $service }の運営窓口にご連絡ください。
recovery-expired = 申請（受付番号：{ $receipt }）は、判断されないまま期限が過ぎました。もう一度申請し、新しい受付番号を{ $service }の運営窓口にお伝えください。
recovery-too-many = { $time }以降に、もう一度申請できます。
recovery-too-many-ask = 申請は30日間に3回までです。お急ぎの場合は、{ $service }の運営窓口にご相談ください。
recovery-back = コードを受け取る方法に戻る
