
### The code page and the way out when no code comes; comfort with scripts

code-clock-slow = That code is about { $minutes ->
    [one] { $minutes } minute
   *[other] { $minutes } minutes
} old. If your app shows it now, the clock of that phone or computer is slow: set its date and time to automatic, then enter the new code.
code-clock-hint = If codes keep being refused, check that the phone or computer with the app sets its date and time automatically.
code-over = That code doesn't work any more.
code-new-from = You can get a new one from { $time }.
code-unsent = There is no code for the number ending { $digits } yet. Get one now.
code-unsent-from = The number ending { $digits } got a message a short while ago, but its code does not work here. You can get the next one from { $time }.
code-blocked = We can't send a code to this number now.
code-no-more-sends = We've sent all the messages we can for now. You can get another code from { $time }.
code-not-yet = A message went out a moment ago. We can send it again from { $time }.
code-not-yet-voice = We called a moment ago. We can call again from { $time }.
code-newest-counts = The code of the earlier message or call doesn't work any more. Use the newest one.
code-another-sign-in = Another account is being signed in to in this browser now. What you typed was not used.
code-elsewhere = A code was also sent for a sign-in on another device. It doesn't work here. If that sign-in isn't yours, somebody may know your password: change it once you are signed in.
delivery-sms-queued = Status: on its way.
delivery-sms-sent = Status: sent.
delivery-sms-failed = The message couldn't be sent. Choose another way to get a code.
delivery-not-sms = This number can't get text messages. Choose a voice call, or another way to get a code.
delivery-refused = We can't send a code to this number. Use another way.
delivery-sms-delivered = Status: delivered at { $time }.
delivery-sms-undelivered = The message couldn't be delivered. Choose another way to get a code.
delivery-voice-queued = Status: calling.
delivery-voice-sent = Status: called. Pick up when your phone rings.
delivery-voice-failed = The call couldn't be placed. Choose another way to get a code.
delivery-voice-delivered = Status: answered at { $time }.
delivery-voice-undelivered = The call didn't get through. Choose another way to get a code.
delivery-voice-unanswered = Nobody answered. Have us call again, or choose another way.
help-neither-heading = If you can use neither of your two ways
help-recovery-code = Use a recovery code
help-recovery-code-hint = One of the recovery codes you kept.
help-recovery-code-left = You have { $left ->
    [one] { $left } code
   *[other] { $left } codes
} left.
help-recovery-code-none = You have no recovery codes that work. Once you're signed in, you can make them in the security settings.
help-recovery = Ask to recover your account
help-recovery-hint = You get a receipt number, and the person who runs the service checks who you are.
copy = Copy
copied = Copied.
off-heading = Set up a way to get a code again
off-lead = This one was switched off after many wrong codes. You're signed in now, so you can set it up again; until then you have only the other one.
off-settings = Go to the security settings
off-later = Not now, continue to { $service }
choose-phone-risk = Somebody who takes over a phone number gets its codes too. An authenticator app is safer.
choose-one-phone = If both your methods are on one phone, you lose both with it. That is possible here; a phone somewhere else, like at work or with your family, is safer.
