### English. Say what happened and what to do. Clock times, not countdowns.

## Every page

page-title = { $page } – { $service }
page-title-error = Error: { $page } – { $service }
footer-zone = Times are in { $zone }.
footer-help = Help
footer-privacy = Privacy
clock-other-day = { $time } on { $date }

## Methods

method-app = Authenticator app
method-sms = Text message
method-voice = Voice call
method-sms-number = Text message to the number ending { $digits }
method-voice-number = Voice call to the number ending { $digits }
method-labelled = { $method } ({ $label })
role-primary = Primary
role-backup = Backup

## Sign in

sign-in-heading = Sign in
sign-in-lead = Sign in to open { $service }.
sign-in-name = User name or email address
sign-in-password = Password
sign-in-submit = Next

notice-bad-credentials = The user name (email address) or password isn't right. Check both and try again.
notice-credentials-missing = Enter both your user name (email address) and your password.
notice-password-wait = There were too many wrong passwords. You can sign in again at { $time }.
notice-busy = Many people are signing in just now. Try again in a minute.
notice-session-expired = You were signed out after { $minutes ->
    [one] { $minutes } minute
   *[other] { $minutes } minutes
  }. Sign in to continue where you were.
notice-session-ended = You've been signed out. To go on, sign in again.
notice-signed-out = You're signed out.
notice-sign-in-ended = This sign-in has ended. Sign in again.
notice-recovery-awaits = To see how your recovery request stands, sign in again. Once it's approved, you enter your ticket there.
notice-too-many-tries = That was wrong too many times, so this sign-in has ended. Sign in again.
notice-other-account = To use another account, enter its user name and password.

## Signed in already

signed-in-heading = You're signed in
signed-in-as = You're signed in as { $user }.
signed-in-continue = Continue to { $service }
signed-in-sign-out = Sign out

## Code

code-heading-app = Enter the code from your app
code-heading-sms = Enter the code we texted you
code-heading-voice = Enter the code from the call
code-heading-over = Your code
code-lead-app = Open your authenticator app and enter the code it shows now.
code-lead-sms = We sent a text message to the number ending { $digits }. It can take a few minutes. The code works until { $time }.
code-lead-voice = We're calling the number ending { $digits }. We'll read the code three times. Have a pen ready.
code-valid-until = The code works until { $time }.
code-label = Code
code-hint = 6 digits
code-submit = Sign in
code-why = Why we ask
code-why-new-browser = You haven't trusted this browser for this account.
code-why-trust-ended = The trust for this device ended on { $date }.
code-why-trust-void = The trust for this device was ended, or your sign-in settings have changed since.
code-trust = Don't require a code on this device again ({ $days ->
    [one] { $days } day
   *[other] { $days } days
})
code-trust-hint = Leave this unticked on a device other people use.
code-help-app = Can't use your authenticator app?
code-help-message = Didn't receive the code?
code-other-account = Use another account

code-wrong-app = That code isn't right. Enter the code your app shows now.
code-wrong-message = That code isn't right. Use the newest message.
code-wrong-call = That code isn't right. Enter the code from the latest call.
code-tries-left = { $tries ->
    [one] { $tries } try left.
   *[other] { $tries } tries left.
}
code-expired = That code has expired. Get a new one.
code-reused = You've used that code already. Wait for the next one (up to 30 seconds).
code-not-six = A code is 6 digits. Enter all of them.
code-paused = You can enter a code again at { $time }.
code-paused-use-backup = You can still use your backup now.
code-paused-use-primary = You can still use your primary now.
code-disabled = This way of getting codes was switched off after many wrong codes.
code-sent-again = We sent the code again.
code-called-again = We're calling you again.
code-send-again-now = You can have the code sent again now: choose “{ code-help-message }”
code-call-again-now = We can call you again now: choose “{ code-help-message }”
code-switched = We've switched to another way to get your code.
code-use-other = Get a code another way: { $method }
code-new = Get a new code
code-other-ways = See all ways to get a code

## Didn't receive the code?

help-lead-app = Choose another way to get a code. You'll come straight back to the code field.
help-lead-message = A message can take a few minutes. If it doesn't come, choose what to do next.
help-lead-call = It can take a minute until your phone rings. If it doesn't, choose what to do next.
help-send-again-sms = Send the text message again
help-send-again-sms-hint = To the number ending { $digits }. While the code works, we send the same one.
help-send-again-voice = Call me again
help-send-again-voice-hint = On the number ending { $digits }. While the code works, we read the same one.
help-call-instead = Call this number instead
help-call-instead-hint = We call the number ending { $digits } and read the code three times.
help-text-instead = Text this number instead
help-text-instead-hint = We send a text message to the number ending { $digits }.
help-use-backup = Use your backup
help-use-primary = Use your primary
help-use-app-hint = { $method }: enter the code the app shows.
help-not-now = Not available now
help-none-heading = If none of these work
help-none = If you still can't sign in, ask the person who runs { $service } to help you sign in again.
help-none-guide = Read the help pages
help-back = Back to the code field

why-not-until = You can do this from { $time }.
why-not-no-more-sends = We've sent all the messages we can for now. You can get another one from { $time }; the other ways work now.
why-not-blocked = We can't send a code to this number now. The other ways work.
why-not-paused = There were too many wrong codes. You can use this again at { $time }.
why-not-disabled = This was switched off after many wrong codes. Sign in another way, then set it up again in the security settings.
why-not-sms-not-offered = This service doesn't send text messages.
why-not-voice-not-offered = This service doesn't make calls.
why-not-landline = This is a landline, so it can't get text messages.
why-not-voip = This is a 050 number, so it can't get text messages.
why-not-extension = This number has an extension, so it can't get text messages.

## Enrolment

ticket-heading = Enter your ticket
ticket-lead = Your ways to get a code were removed. Enter the ticket you were given, then set up two new ones.
ticket-label = Ticket
ticket-hint = 16 letters and digits
ticket-submit = Continue
ticket-wrong = That ticket isn't right. Use the newest one, and check each letter.
ticket-expired = That ticket has expired. Ask the person who runs { $service } for a new one.
ticket-none = Don't have a ticket? Ask the person who runs { $service }.

enrol-intro-heading = Protect your account with two-step verification
enrol-intro-lead = { $service } now asks for a code as well as your password, so that nobody can sign in as you even if they learn your password.
enrol-intro-recovered = Your recovery code was accepted and is now used up. The old ways to get a code keep working until both new ones are checked.
enrol-intro-ticket = Your ticket was accepted. Codes don't come by any earlier way any more, so set up two ways now.
enrol-again-heading = Set up two ways to get a code
enrol-again-what = You need both:
enrol-again = Set up two ways
enrol-intro-what = You'll set up two ways to get a code:
enrol-intro-primary = A primary, which you normally use.
enrol-intro-backup = A backup, for when your primary is out of reach.
enrol-intro-time = It takes a few minutes. Have your phone within reach; a landline works too, and you don't need a mobile phone.
enrol-begin = Enable two-step verification

enrol-step = Step { $number } of { $total } · { $name }
enrol-steps = Progress
enrol-step-primary = Primary
enrol-step-prove-primary = Check your primary
enrol-step-backup = Backup
enrol-step-prove-backup = Check your backup
enrol-step-done = Done

choose-primary-heading = Choose your primary
choose-primary-lead = This is how you'll normally get your code.
choose-backup-heading = Choose a backup
choose-backup-lead = Your backup gets you in when you can't use your primary: { $primary }.
choose-legend = How to get your code
choose-recommended = Recommended
choose-unavailable = Not available:{" "}
choose-app-hint = Shows a code on your phone or computer. Needs no network and is the easiest.
choose-sms-hint = To a mobile phone. It can be the phone of a relative or someone you trust.
choose-voice-hint = To any phone, also a landline. We read the code three times.
choose-known = A number we have for you
choose-known-number = The number ending { $digits }
choose-known-none = Another number
choose-known-hint = It came from the earlier system and is used only once a code has proven it. To use another number, enter it below.
choose-phone = Phone number
choose-phone-hint = For text messages and calls. Like 090-1234-5678; for other countries start with + and the country code. For calls you can add an extension, like ext. 12.
choose-label = A name for this method (optional)
choose-label-hint = Helps you tell your methods apart, like “Office phone” or “Office computer”.
choose-submit = Continue

choose-nothing = Choose how to get your code.
choose-phone-empty = Enter the phone number that should get the code.
choose-not-a-number = That isn't a phone number we know. Check the digits; for other countries start with + and the country code.
choose-kind-refused = Codes can't go to toll-free, premium-rate, Navi-Dial, pager or satellite numbers. Use another number.
choose-other-country = Codes can't go to telephone numbers in this country. Enter another number, or choose the authenticator app.
choose-not-reached = We can't send codes to this number. Enter another number, or choose the authenticator app.
choose-extension-bad = An extension is 1 to 7 digits. Check the extension.
choose-landline-sms = This is a landline, so it can't get text messages. Choose a voice call or enter a mobile number.
choose-voip-sms = This is a 050 number, so it can't get text messages. Choose a voice call or enter a mobile number.
choose-extension-sms = A text message can't reach an extension. Choose a voice call or enter a number without one.
choose-app-twice = Your primary is an authenticator app, so your backup must be a phone.
choose-same-number = That's already your primary number. Use a different number or an authenticator app.
choose-label-bad = A name is at most 40 characters on one line. Shorten it.
choose-wait = The next message can go out at { $time }. Continue then, or choose an authenticator app.
choose-no-more-sends = We've sent all the messages we can for now. The next one can go out at { $time }. An authenticator app works now.

pairs-summary = Which pairs are possible
pairs-primary = Primary
pairs-backup = Allowed backup
pairs-app = Authenticator app
pairs-sms = Text message (mobile)
pairs-voice = Voice call (mobile or landline)
pairs-app-backup = Text message to a phone; voice call to a phone (mobile or landline)
pairs-phone-backup = Authenticator app; text message to a different number; voice call to a different number
pairs-note = One phone number can't be both, whether it is texted or called. A landline gets calls only, a 050 number too.

prove-heading-app = Set up your authenticator app
prove-heading-sms = Check that texts reach you
prove-heading-voice = Check that calls reach you
prove-app-open = Open an authenticator app on your phone or computer. If you have none, install one from your app store first.
prove-app-scan = Add an account in the app and scan this QR code.
prove-app-qr = QR code for your authenticator app. The key is written out as text below.
prove-app-here = Is the app on this device?
prove-app-link = Open it in the app
prove-app-key = If you can't scan it, enter this key in the app:
prove-app-key-kind = Time-based, 6 digits. Upper and lower case are the same; spaces don't matter.
prove-app-enter = Enter the 6 digits the app shows.
prove-submit = Check the code
prove-send-again-sms = Send the text message again
prove-send-again-voice = Call me again
prove-send-again-sms-from = We can send it again from { $time }.
prove-send-again-voice-from = We can call again from { $time }.
prove-no-more-sends = We've sent all the messages we can for now. You can get another one from { $time }, or choose another method.
prove-number = You entered:{" "}
prove-choose-again = Choose another method
prove-change-number = Change the number or choose another method
number-with-extension = { $number } ext. { $extension }

done-heading = Two-step verification is on
done-lead = From now on you sign in with your password and a code.
done-continue = Continue to { $service }

## Sign out

sign-out-heading = Sign out
sign-out-question = Sign out of { $service } on this device?
sign-out-forget = Forget this device
sign-out-forget-hint = A code is then needed at the next sign-in on this device.
sign-out-submit = Sign out
sign-out-stay = Stay signed in

## Whole window

top-heading = Sign in to go on
top-lead = This part of the page needs you to sign in. The sign-in page opens in the whole window.
top-continue = Go to the sign-in page
top-heading-fresh = A fresh code to go on
top-lead-fresh = This part of the page needs a fresh code, even on a device you trust. The page that asks for it opens in the whole window.
top-continue-fresh = Go on

## Errors

error-forbidden-heading = You can't open this page
error-forbidden = Your account doesn't have access to it. If you need it, ask the person who runs { $service }.
error-not-found-heading = This page doesn't exist
error-not-found = The address may be mistyped, or the page has moved.
error-method-heading = This page can't be used that way
error-method = Go back and use the buttons on the page.
error-too-large-heading = That was too much to send
error-too-large = What you sent is larger than this page takes. Go back and shorten it.
error-too-slow-heading = Sending took too long
error-too-slow = The connection was slow or broke off, so nothing was changed. Go back and send it once more.
error-misdirected-heading = This address isn't served here
error-misdirected = Check the address and open the page again.
error-form-expired-heading = This form has expired
error-form-expired = It was open for a long time or came from another window, so nothing was changed. Open the page again and send it once more.
error-request-heading = We couldn't read that request
error-packed-heading = That came packed in a way we don't unpack
error-request = Your browser sent something we don't understand. Open the page again from the start.
error-internal-heading = Something went wrong on our side
error-internal = Nothing you did caused it. Try again in a few minutes.
error-bad-gateway-heading = { $service } isn't answering
error-bad-gateway = We can't reach { $service } right now. Try again in a few minutes.
error-unavailable-heading = The sign-in service is busy
error-unavailable = Nothing you did caused it. Try again in a minute.
error-console-down-heading = { $service } isn't available right now
error-console-down = Nothing you did caused it, and nothing you sent reached { $service }. Try again in a few minutes.
error-gateway-timeout-heading = { $service } is taking too long
error-gateway-timeout = { $service } didn't answer in time. Before you send a form again, check whether it went through.
error-reference = Reference number
error-reference-hint = If you ask for help, give this number.
error-back = Go to { $service }
error-open-again = Open the page again
