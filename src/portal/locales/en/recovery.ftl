
### Recovery, mailed links, password reset

sign-in-forgot = Forgot your password?
sign-in-forgot-ask = Forgot your password? Ask the person who runs { $service }.
notice-password-reset = Your password is changed. Sign in with the new one.

reset-heading = Forgot your password?
reset-lead = Enter your user name or email address. We'll mail you a link to choose a new password.
reset-submit = Send the link
reset-missing = Enter your user name or email address.
reset-wait = Too many links were asked for from here. Try again at { $time }.
reset-taken = If there is an account with that name and an email address, a link is on its way.
reset-taken-next = Open the mail from { $service } and follow its link within 30 minutes. The newest link counts.
reset-taken-none = No mail after a few minutes? Look in your spam folder, or ask the person who runs the service.
reset-ask = This service can't mail you a link. Ask the person who runs { $service } for a new password.
reset-back = Back to the sign-in page

link-not-me-heading = Wasn't this you?
link-not-me-lead = If somebody else used your { $service } account, stop it now.
link-not-me-sessions = Everybody is signed out at once, and no device is trusted any more.
link-not-me-password = The password no longer works until you choose a new one.
link-not-me-submit = Stop my account
link-not-me-otherwise = If it was you, close this page. Nothing changes.
link-frozen-heading = Your account is stopped
link-frozen-lead = Everybody was signed out of your { $service } account, and its password no longer works.
link-frozen-reset = Choose a new password to use the account again. Tell the person who runs the service what happened, too.
link-frozen-ask = Tell the person who runs the service what happened. They can give you a new password.
link-new-password = Get a link to a new password
link-password-heading = Choose a new password
link-password-lead = This is the new password for { $service }. Your two-step verification stays as it is.
link-password-name = User name
link-password-label = New password
link-password-hint = At least 8 characters
link-password-next = You'll be signed out everywhere. Then sign in with the new password and a code.
link-password-submit = Change the password
link-enrolment-heading = Set up two-step verification
link-enrolment-lead = Thank you for opening the mail. Go on with { $service } in this browser.
link-enrolment-submit = Go on
link-enrolment-elsewhere = To go on here, sign in to { $service } with your user name and password in this browser.
link-enrolment-not-you = If you didn't just try to sign in, close this page and tell the person who runs the service: somebody else may know your password.
link-sign-in = Go to the sign-in page
link-email-heading = Use this email address?
link-email-lead = Notices from { $service } will go to { $address }, and you can sign in with it.
link-email-submit = Use this address
link-email-otherwise = If you didn't ask for this, close this page. Nothing changes.
link-email-done-heading = Your email address is changed
link-email-done-lead = Notices now go to the new address. We've told your phones and the earlier address.
link-email-taken-heading = Another account has this address
link-email-taken-lead = Somebody signs in to { $service } with this address already, so nothing was changed. Use a different address in Advanced security settings.
link-settings = Open the settings
link-over-heading = This link no longer works
link-over-lead = It was used already, its time is over, or a newer mail has replaced it. Use the newest mail, or start again.

enrol-link-heading = Open the mail we sent you
enrol-link-lead = We mailed a link to { $address }. Open it in this browser to set up two-step verification.
enrol-link-how = The link works once, for 24 hours. It shows that the account is yours, so that nobody else who knows the password can set it up.
enrol-link-again = Send the mail again
enrol-link-sent = We sent the mail again. Use the newest one.
enrol-link-from = We can send the mail again from { $time }.
enrol-link-none = No mail? Look in your spam folder, or ask the person who runs { $service } for a ticket.

recovery-code-heading = Use a recovery code
recovery-code-lead = With one of your recovery codes you set up both ways to get a code anew. The old ones stop working once the new ones are proven.
recovery-code-label = Recovery code
recovery-code-hint = 16 letters and digits
recovery-code-submit = Continue
recovery-code-wrong = That isn't one of your recovery codes, or it was used already. Check each character and enter it again.
recovery-code-wait = Too many tries. You can enter a recovery code again at { $time }.
recovery-code-blocked = Your password was reset a short time ago. For your safety, recovery codes work again from { $time }.
recovery-code-none = Don't have one?
recovery-code-request = Ask to recover your account

recovery-codes-heading = Your recovery codes
recovery-codes-lead = If you can use neither way to get a code, one of these and your password let you set up two-step verification for { $service } again. Each works once.
recovery-codes-where = To use one: sign in → “{ code-help-message }” or “{ code-help-app }” → “{ help-recovery-code }”
recovery-codes-once = They are shown only this once: until you say that you've kept them, and until { $time } at the latest.
recovery-codes-earlier = Earlier recovery codes no longer work.
recovery-codes-keep = Print this page, or save it as a file, and keep it away from your phone and computer.
recovery-codes-print = Print this page
recovery-codes-kept = I've kept them, go on
recovery-codes-over = Recovery codes are shown only once, right after they are made. The ones you kept still work.
recovery-codes-over-new = If you didn't keep them, make new ones in the settings. The earlier ones then stop working.
recovery-codes-made = Made on { $date }
recovery-codes-save = Save as a text file
recovery-codes-file = Recovery codes for { $service }

done-codes-heading = For the day you lose your phone
done-codes-lead = Ten recovery codes let you set up two-step verification again when you can use neither method.
done-codes-show = Show my recovery codes

link-cancel-heading = Cancel the recovery request?
link-cancel-lead = Somebody who knows your password asked for account recovery (receipt number { $receipt }). If it wasn't you, cancel it.
link-cancel-submit = Cancel the request
link-cancelled-heading = The request is cancelled
link-cancelled-lead = Nothing was changed. Somebody else may know your password: choose a new one.
link-too-late-heading = The request was approved already
link-too-late-lead = It can't be cancelled any more. Tell the person who runs the service at once.
