
### The guides. What stands in quotation marks is a word of a page and stands here by reference, so that it is always
### the word the person sees.

guides-title = Guides
guides-all = All guides
guides-lead = How signing in with two steps works, and what to do when it doesn't.
footer-guide = Guide: { $title }
guide-contents = On this page
guide-back = Back to where you were

length-days = { $count ->
    [one] { $count } day
   *[other] { $count } days
}
length-hours = { $count ->
    [one] { $count } hour
   *[other] { $count } hours
}
length-minutes = { $count ->
    [one] { $count } minute
   *[other] { $count } minutes
}
length-seconds = { $count ->
    [one] { $count } second
   *[other] { $count } seconds
}

## Enabling two-step verification

guide-enabling-title = How to enable two-step verification
guide-enabling-lead = You sign in with your password and a code. Somebody who has learned your password still can't sign in from their own device.

guide-enabling-need-heading = What you need
guide-enabling-need-password = The user name (or email address) and the password you already use for { $service }.
guide-enabling-need-ways = Two ways to get a code: a primary, which you normally use, and a backup for when the primary is out of reach.
guide-enabling-need-phone = At least one of the two is a phone. It can be a mobile or a landline, so you don't need a mobile phone.
guide-enabling-need-others = The phone may also belong to a relative or somebody you trust. One number can serve several accounts, and our messages name the service, not your account. The authenticator app may run on your computer.

guide-enabling-pairs-heading = Which two ways go together
guide-enabling-pairs = We recommend an authenticator app as the primary: it needs no network and no message that could be late.

guide-enabling-steps-heading = Step by step
guide-enabling-step-sign-in = Open { $service } and sign in with your user name and password. Press “{ sign-in-submit }”.
guide-enabling-step-begin = If “{ enrol-link-heading }” opens, open the link in that mail in the same browser and press “{ link-enrolment-submit }”: it shows that the account is yours. On “{ enrol-intro-heading }”, press “{ enrol-begin }”.
guide-enabling-step-primary = On “{ choose-primary-heading }”, choose “{ method-app }”, “{ method-sms }” or “{ method-voice }”. For a text message or a call, also fill in “{ choose-phone }”. Press “{ choose-submit }”.
guide-enabling-step-prove = Show that it works. With an app, scan the QR code and enter the 6 digits the app shows. With a text message or a call, enter the 6 digits we send you. Press “{ prove-submit }”.
guide-enabling-step-backup = On “{ choose-backup-heading }”, choose the second way, press “{ choose-submit }”, and show that it works in the same manner.
guide-enabling-step-codes = Press “{ done-codes-show }” there, and keep the codes on paper or in a safe place. With one of them you can set up two-step verification again when both ways are lost. Then go on to { $service }.
guide-enabling-step-done = When the page says “{ done-heading }”, both are set up.

guide-enabling-stop-heading = If you stop halfway
guide-enabling-stop = Nothing counts until both ways are proven, so you can't lock yourself out. The setup stays open for { $pending } after your password; after that, sign in and start again.
guide-enabling-later = If the page offers “{ rollout-later }”, you can put it off, but only for a while: it says by when, and how often.

guide-enabling-after-heading = After that
guide-enabling-after = Each time you sign in we ask for a code. On a device of your own you can tick “{ code-trust }” on the code page.
guide-enabling-change = You can change both ways later under “{ settings-heading }”.

## Authenticator app

guide-app-title = Using an authenticator app
guide-app-lead = An authenticator app shows a new 6-digit code every { $step }. It runs on a phone or on a computer, and needs no network.

guide-app-which-heading = Which app
guide-app-which-phone = On an iPhone or Android phone, for example: Google Authenticator, Microsoft Authenticator, 2FAS. The Passwords app of an iPhone can do it, too.
guide-app-which-computer = On a computer, for example: KeePassXC, 1Password, or the Passwords app of a Mac.
guide-app-which-any = These are examples. Any app for time-based one-time passwords (TOTP, RFC 6238) works; if you already have one for another service, use that one.

guide-app-scan-heading = Set it up on a phone
guide-app-scan-install = Install the app from your phone's app store and open it.
guide-app-choose = On the page that asks how to get your code, choose “{ method-app }” and press “{ choose-submit }”. A QR code appears.
guide-app-scan-add = In the app, add an account. Most apps have a plus sign for that. Choose to scan a QR code.
guide-app-scan-camera = Point the phone's camera at the QR code. The app now shows 6 digits for { $service }.
guide-app-enter = Enter those 6 digits under “{ code-label }” on the page and press “{ prove-submit }”.
guide-app-same-phone = Is the page open on the same phone as the app? Then there is nothing to scan: press “{ prove-app-link }” below the QR code. If nothing opens, enter the key by hand as described next.

guide-app-key-heading = Set it up on a computer, or without a camera
guide-app-key-lead = Below the QR code stands the same secret as a key, in groups of four characters. You enter it in the app instead of scanning.
guide-app-key-install = Install the app on your computer and open it.
guide-app-key-add = In the app, add an entry and choose to enter the key by hand. Apps call the key a setup key, a secret or a one-time password. As the name of the entry, take { $service }.
guide-app-key-type = Copy the key or type it. It has only the letters A to Z and the digits 2 to 7: what looks like a zero is the letter O, what looks like a one is the letter I. Upper and lower case are the same, and spaces don't matter.
guide-app-key-kind = If the app asks, choose: time-based, 6 digits, { $step }, SHA-1.
guide-app-key-secret = Show the QR code and the key to nobody: whoever has them gets your codes. They are not shown again once you have entered the first code.

guide-app-use-heading = Sign in with the app
guide-app-use-open = When the page says “{ code-heading-app }”, open the app and find the entry for { $service }.
guide-app-use-type = Enter the 6 digits it shows now and press “{ code-submit }”. If they are about to change, wait for the next ones.
guide-app-use-once = Each code counts once. If you sign in twice within { $step }, wait for the next code.

guide-app-refused-heading = When the code isn't accepted
guide-app-clock = Check the clock of the device with the app. The codes depend on the time; a clock that is a minute wrong gives wrong codes. In the device's settings, let date, time and time zone be set automatically.
guide-app-entry = Check that you read the entry for { $service } and for this account. If you have set up the app more than once, only the newest entry works: delete the old one.
guide-app-next = If the code has just changed or was used already, enter the next one.

guide-app-new-phone-heading = When you get a new phone
guide-app-new-phone-lead = Keep the old phone until the new one works.
guide-app-new-phone-sign-in = Sign in with a code from the old phone.
guide-app-new-phone-settings = Open “{ settings-heading }”.
guide-app-new-phone-replace = Press “{ settings-change }” beside “{ method-app }”, then “{ settings-replace }”. We may ask for a fresh code first; take it from the old phone or your backup.
guide-app-new-phone-prove = Choose “{ method-app }” again and press “{ choose-submit }”. Scan the new QR code with the new phone, enter the 6 digits it shows and press “{ prove-submit }”.
guide-app-new-phone-delete = Delete the entry on the old phone. Its codes no longer work.
guide-app-new-phone-lost = Is the old phone gone already? Press “{ code-help-app }” on the code page and sign in with your backup, then replace the app as above. If you can't use the backup either, read on here:

## No code

guide-no-code-title = When no code comes
guide-no-code-lead = There is nearly always another way to your code: once more, by another channel, or with your backup.

guide-no-code-first-heading = What to do on the code page
guide-no-code-open = Press “{ code-help-message }” below the code field (with an authenticator app: “{ code-help-app }”). Nothing is sent by that; you choose first.
guide-no-code-again = A message can take a few minutes. Then press “{ help-send-again-sms }” or “{ help-send-again-voice }”. While the code works, you get the same one again, so every message that arrives is right.
guide-no-code-channel = Press “{ help-call-instead }” if texts don't get through, or “{ help-text-instead }” if you can't take a call.
guide-no-code-other = Press “{ help-use-backup }”. You are just as well signed in with it, and can change your primary afterwards.
guide-no-code-limits = After the first message you can ask again after { $wait }, then the waits get longer, and after { $sends } more messages there is a longer break. The page says from what time the next one is possible. A code works for { $code }.

guide-no-code-sms-heading = Text messages
guide-no-code-digits = Compare the last two digits on the page with your number. If they are not yours, sign in with your backup and change the number.
guide-no-code-signal = Check that the phone has a signal and is not in flight mode; turning flight mode on and off again often brings what is waiting.
guide-no-code-newest = If several messages have come, take the newest.
guide-no-code-spam = Look into the spam or junk folder of your messages app. Filters sort by sender, so allow the sender of our messages there.
guide-no-code-refuse = Check with your carrier whether text messages are refused: many let you refuse messages from senders you don't know, from other companies or from abroad.
guide-no-code-full = Delete old messages if the phone's memory is full.
guide-no-code-data-only = A SIM for data only has no text messages. Use the authenticator app or a call to another phone.

guide-no-code-voice-heading = Voice calls
guide-no-code-unknown-caller = The call may come from a number you don't know, or without one. If your phone or your line refuses such calls, switch that off for the moment.
guide-no-code-answerphone = Switch the answering machine off or take the call before it does. We read the code three times; nobody needs to press or say anything.
guide-no-code-engaged = If the line was engaged or nobody answered, press “{ help-send-again-voice }”.
guide-no-code-extension = For a phone behind a switchboard, the number needs its extension. You can add it when you set up the number.

guide-no-code-app-heading = Authenticator app

guide-no-code-kinds-heading = Landlines, 050 numbers, and abroad
guide-no-code-landline = A landline can't get text messages. Have yourself called instead.
guide-no-code-050 = A 050 number can only be called. Toll-free, Navi-Dial, premium-rate, pager and satellite numbers can't get codes at all.
guide-no-code-abroad = Abroad, text messages and calls need roaming and can be late. An authenticator app needs no network, so set one up before you leave.

guide-no-code-wrong-heading = When the code comes but isn't accepted
guide-no-code-wrong = After { $tries } wrong codes in a row that way of getting codes pauses for { $pause }, and longer each time. The page says from what time you can go on. The other way keeps working, so use that one.
guide-no-code-disabled = After very many wrong codes it is switched off. Sign in the other way and set it up anew.

guide-no-code-none-heading = When nothing works
guide-no-code-none = If neither of your two ways can be used, you need help to sign in again:

## Cannot change

guide-cannot-change-title = When you can't change your settings
guide-cannot-change-lead = To change how you get codes, we ask for a code from one of your two ways. What to do when you have lost one of them, or both.

guide-cannot-change-one-heading = One of the two still works
guide-cannot-change-one = Then you can do everything yourself.
guide-cannot-change-one-help = Sign in with your password. On the code page, press “{ code-help-message }” or “{ code-help-app }”.
guide-cannot-change-one-backup = Change to the other one with “{ help-use-backup }” or “{ help-use-primary }”, and enter its code.
guide-cannot-change-one-settings = Open “{ settings-heading }”, press “{ settings-change }” beside the one you have lost, then “{ settings-replace }”.

guide-cannot-change-codes-heading = Neither works, but you have a recovery code
guide-cannot-change-codes = You may have kept recovery codes at the end of the setup. Each of them counts once.
guide-cannot-change-codes-open = Press “{ help-recovery-code }”.
guide-cannot-change-codes-enter = Enter one of the codes. Cross it off your list.
guide-cannot-change-set-up = Set up two new ways to get a code, as at the beginning: press “{ enrol-again }”. Only then do you reach { $service }.

guide-cannot-change-ask-heading = Neither works, and you have no recovery code
guide-cannot-change-ask-open = Press “{ help-recovery }”.
guide-cannot-change-ask-receipt = Read what happens next, press “{ recovery-submit }”, and write down the receipt number the page shows.
guide-cannot-change-ask-wait = Wait. A request is decided at the earliest at the time the page names, so that you can object if it wasn't you who asked.
guide-cannot-change-ask-answer = The person who runs { $service } checks that it is really you and gives you a ticket. It works for a short time only.
guide-cannot-change-ask-notices = As soon as somebody asks, we say so to your phones and your email address; text messages and mails have a link to cancel, and signing in with a code cancels, too. If you have asked for nothing, cancel the request and change your password.
guide-cannot-change-ask = Is the page not offered, or does nothing happen? Ask the person who runs { $service }.

guide-cannot-change-ticket-heading = When you have a ticket
guide-cannot-change-ticket-lead = The ticket stands in for the two old ways, once.
guide-cannot-change-ticket-sign-in = Sign in with your user name and password.
guide-cannot-change-ticket-enter = On “{ ticket-heading }”, enter the ticket and press “{ ticket-submit }”. Capitals, spaces and hyphens don't matter.

guide-cannot-change-rest-heading = In the 48 hours after a password reset
guide-cannot-change-rest = When you reset your password by a mailed link, for 48 hours you can't replace a way to get a code or use a recovery code, to keep your account safe. “{ settings-heading }” says until when. Meanwhile you can sign in with a code, and set up again a way that was switched off.

guide-cannot-change-after-heading = What is different afterwards
guide-cannot-change-after = All sessions and all trusted devices of your account have ended, so that nobody who has your old phone stays signed in. Both ways to get a code are new, and each of your devices asks for a code once.

guide-cannot-change-never-heading = What never happens
guide-cannot-change-never-off = Two-step verification is not switched off, by anybody. You always set up two new ways instead.
guide-cannot-change-never-asked = Nobody asks you for a code, a ticket or your password by phone, mail or chat. Whoever does so is not from us.
guide-cannot-change-never-password = A new password doesn't replace the code. It neither skips nor changes the second step.

## Asked often

guide-asked-often-title = Why you are asked for a code often
guide-asked-often-lead = We ask for a code on every browser you haven't trusted. The code page says each time why it asks.

guide-asked-often-trust-heading = How to be asked less
guide-asked-often-tick = On the code page, tick “{ code-trust }”.
guide-asked-often-enter = Enter the code and press “{ code-submit }”.
guide-asked-often-next = From then on your password is enough in this browser for { $trust }. Then we ask once more; using it doesn't make it longer.
guide-asked-often-shared = Leave the box unticked on a computer other people use: they would need only your password.
guide-asked-often-list = Under “{ settings-heading }” you see which browsers are trusted, and can end the trust of each.

guide-asked-often-why-heading = Why it asks all the same
guide-asked-often-over = The { $trust } are over.
guide-asked-often-browser = It is another browser, another browser profile or another device. Each is trusted by itself.
guide-asked-often-private = It is a private window. It forgets everything when it is closed.
guide-asked-often-cookies = The browser deletes cookies when it is closed, or a cleaning tool does. Exempt this address from that.
guide-asked-often-void = Your password or one of your ways to get a code was changed, or the trust was ended. Every trusted device then asks once.
guide-asked-often-most = An account has at most { $devices } trusted devices. With one more, the oldest goes.
guide-asked-often-fresh = You make a change where much is at stake, as in “{ settings-heading }”. It asks for a code that is at most { $fresh } old, on a trusted device, too.

guide-asked-often-several-heading = When several people use one login
guide-asked-often-several = Then each of them is asked on each of their browsers, the codes go to one person's phone, and a change by one of them makes all the others enter a code again.
guide-asked-often-own = Each person should have their own login, with their own ways to get a code. Ask whoever looks after your company's account for one.

guide-asked-often-signed-out-heading = When you are signed out often
guide-asked-often-signed-out = That is another matter: you are signed out after { $idle } without doing anything and { $absolute } after signing in. On a trusted device your password then brings you back to where you were.
