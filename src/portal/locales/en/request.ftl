
### The recovery request

recovery-heading = Ask to recover your account
recovery-lead = This is for when you can use neither of your two ways to get a code, and have no recovery code.
recovery-plan-receipt = You get a receipt number.
recovery-plan-told = We tell your account's phones and email address about the request. Anyone who can still read a message there can cancel it.
recovery-plan-wait = After { $wait } the person who runs { $service } checks who you are, and decides.
recovery-plan-ticket = If they agree, they give you a ticket. With it and your password you set up both ways again.
recovery-submit = Ask to recover your account
recovery-after = When it's approved, you are signed out everywhere, and no device is trusted any more.
recovery-open-heading = Your recovery request
recovery-receipt = Receipt number
recovery-waiting = The person who runs { $service } can decide about your request from { $time }.
recovery-decidable = The waiting time is over. The person who runs { $service } can decide about your request now.
recovery-contact = Write the number down and give it to the person who runs { $service }. They check who you are, and hand you the ticket.
recovery-told = We've told every phone and email address your account has. Text messages and mails have a link to cancel the request.
recovery-cancel-by-code = Can you use one of your ways again? Sign in with a code as usual: that cancels the request.
recovery-refused = Your request { $receipt } was refused. Talk to the person who runs { $service } before you ask again.
recovery-cancelled = Your request { $receipt } was cancelled. If it wasn't you, tell the person who runs { $service }.
recovery-expired = Nobody decided about your request { $receipt } in time. Ask again, and tell the person who runs { $service } the new number.
recovery-too-many = You can ask again from { $time }.
recovery-too-many-ask = Three requests in 30 days is the most. The person who runs { $service } can help you before that.
recovery-back = Back to the ways to get a code
