
### Advanced security settings and the fresh code

## A fresh code

code-why-fresh = This page needs a fresh code, because it can change how you sign in or other sensitive settings.

fresh-heading = Confirm it's you
fresh-lead = This page needs a fresh code, even on a device you trust.
fresh-wanted = What the code is for
fresh-not-yours = If that isn't what you want to do, go back without a code.
fresh-begin-app = Enter a code
fresh-begin-sms = Text me a code
fresh-begin-voice = Call me with a code
fresh-app-hint = Have your authenticator app ready.
fresh-sms-hint = We send a text message to the number ending { $digits }.
fresh-voice-hint = We call the number ending { $digits } and read the code three times.
fresh-submit = Continue
fresh-cancel = Go back without a code

wanted-console = Open { $service }
wanted-page = Open { $what }
wanted-form = Send what you entered
wanted-send = Send what you entered to { $what }
wanted-settings = Open { settings-heading }
wanted-users = Open { users-heading }
wanted-swap = Swap your primary and backup
wanted-label = Rename one of your methods
wanted-primary = Replace your primary
wanted-backup = Replace your backup
wanted-replace = Set up a new method in place of an old one
wanted-trust = End the trust of a device
wanted-all-trust = End the trust of all devices
wanted-sessions = Sign out on another device
wanted-language = Change the language of messages and calls
wanted-email = Change the email address for notices to { $what }
wanted-password = Change your password
wanted-codes = Make new recovery codes
wanted-invite = Invite { $what } to your seller account
wanted-invitation = Send an invitation again, or take it back
wanted-groups = Change what { $what } may do
wanted-remove = Remove { $what } from your seller account

## Settings

settings-heading = Advanced security settings
settings-methods = How you get your code
settings-two-step-on = Two-step verification is on.
settings-two-step-off = Two-step verification isn't on for your account yet.
settings-enable-from = From { $date } on you're asked to set it up when you sign in.
settings-enable-until = Set it up by { $date }. After that day you can't put it off any more.
settings-enable-next = You set it up at your next sign-in at the latest.
settings-codes-heading = Recovery codes
settings-codes-left = { $left ->
    [one] One recovery code is left.
   *[other] { $left } recovery codes are left.
}
settings-codes-none = You have no recovery codes.
settings-codes-lead = If you can use neither way to get a code, one of them and your password let you set up both ways anew.
settings-codes-renew = Make new recovery codes
settings-codes-renew-hint = The ones you have now stop working.
settings-role = Role
settings-method = Method
settings-added = Added
settings-last-used = Last used
settings-never-used = Not used yet
settings-state = State
settings-method-paused = You can use it again at { $time }.
settings-method-disabled = Switched off after many wrong codes. Set it up again.
settings-change = Change
settings-change-method = Change your { $role ->
    [Primary] primary
   *[other] backup
}
settings-swap = Swap primary and backup
settings-primary-heading = Your primary
settings-backup-heading = Your backup
settings-replace = Replace this method
settings-rebind = Set it up again
settings-replace-hint = It stays until the new one is checked. Then you're signed out on all other devices, and every trusted device is asked for a code again.
settings-save = Save
settings-to-all = Back to the security settings

replace-primary-heading = Choose your new primary
replace-backup-heading = Choose your new backup
replace-lead = Your current one stays until the new one is checked: { $method }.
replace-app-twice = Your backup is an authenticator app, so your primary must be a phone.
replace-same-number = That's already your backup number. Use a different number or an authenticator app.
replace-cancel = Keep the current method

settings-devices = Trusted devices
settings-never-trusted = Your account needs a code at every sign-in, so no device can be trusted.
settings-no-devices = You haven't trusted any device.
settings-devices-lead = On these browsers your password alone signs you in until the trust ends.
settings-device = Device
settings-unknown-browser = Unknown browser
settings-this-device = This device
settings-trusted-since = Trusted
settings-expires = Ends
settings-end-trust = End trust
settings-end-trust-of = { $action }: { $device }
settings-end-all-trust = End the trust of all devices

settings-sessions = Where you're signed in
settings-since = Signed in
settings-by = With
settings-by-trust = Trusted device
settings-by-password = Password only
settings-this-session = This device
settings-end-session = Sign out
settings-end-session-of = Sign out: { $device }
settings-end-others = Sign out on all other devices

settings-history = Recent sign-ins and refusals
settings-history-lead = Don't know one of these? Change your password and end the trust of all devices.
settings-history-lead-password = Don't know one of these? Change your password.
settings-no-history = Nothing yet.
settings-history-more = Show earlier ones
settings-when = When
settings-what = What happened
settings-network = Network
settings-history-signed-in = Signed in: { $step }
settings-history-wrong-password = Refused: wrong password
settings-history-wrong-code = Refused: wrong code, { $step }
settings-history-device-replayed = Trust ended: somebody used a copy of this browser's trust
settings-history-recovery-code = Recovery code used to set up both ways anew
settings-history-wrong-recovery-code = Refused: wrong recovery code
settings-history-times = { $what }, { $times } times

settings-password-title = Password
settings-password-due = The system your account comes from read only the beginning of long passwords. Choose a new password to go on to { $service }.
settings-password-lead = When you change it, you're signed out on all other devices, and every trusted device is asked for a code again.
settings-password-heading = Change your password
settings-user = User name
settings-password-present = Current password
settings-password-new = New password
settings-password-again = New password again
settings-password-rules = { $least } to { $most } characters. Spaces and any letters or signs are fine; a few words you can remember are best.
settings-password-submit = Change password
settings-password-wrong = That isn't your current password. Check it and try again.
settings-password-wait = There were too many wrong passwords. You can try again at { $time }.
settings-password-missing = Fill in all the fields.
settings-password-differ = The two new passwords aren't the same. Type the new one twice.

settings-email-title = Email address
settings-email-now = Notices go to { $address }. You can sign in with it, too.
settings-email-none = No address is known, so notices go only to phones that get your codes.
settings-email-pending = We mailed a link to { $address }. Open it by { $time } to use that address. Until then nothing changes.
settings-email-ask = To change it, ask the person who runs { $service }.
settings-email-label = New email address
settings-email-hint = We'll mail you a link there.
settings-email-submit = Send the link

settings-language = Language
settings-language-lead = Messages and calls come in
settings-language-hint = Codes come in the language you have chosen for these pages, where you have chosen one on this device.
settings-back = Back to { $service }

settings-swapped = Primary and backup are swapped.
settings-renamed = The name is saved.
settings-replaced = The new method is in place. You're signed out on all other devices, and trusted devices are asked for a code again.
settings-trust-ended = That device is asked for a code at its next sign-in.
settings-all-trust-ended = No device is trusted any more.
settings-session-ended = That device is signed out.
settings-others-ended = All other devices are signed out.
settings-language-changed = The language is saved.
settings-password-changed = Your password is changed. You're signed out on all other devices.
settings-email-mailed = The mail is on its way. Open its link within 24 hours; the newest one counts.
settings-email-bad = That doesn't look like an email address. Enter it like name@example.com.
settings-email-unchanged = That's the address you have now. Enter a different one.
settings-email-wait = Several links were mailed already. The next one can go out at { $time }; until then, use the newest.
settings-codes-once = No new codes were made: the ones you were shown still work. If you didn't keep them, make new ones below.
settings-stale = Nothing was changed: the page had changed meanwhile. Check what it shows now and try again.
settings-rests = You reset your password, so until { $time } you can't replace a method or use a recovery code.
settings-locked = Your password was reset a short time ago. To keep your account safe, a method that works can be replaced from { $time }.
settings-open = Advanced security settings
clock-today = today { $time }
clock-moment = { $date }, { $time }
