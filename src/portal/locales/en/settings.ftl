
### Advanced security settings and the fresh code

## A fresh code

code-why-fresh = This page needs a fresh code, because it can change how you sign in or other sensitive settings.

fresh-heading = Confirm it's you
fresh-lead = This page needs a fresh code, even on a device you trust.
fresh-begin-app = Enter a code
fresh-begin-sms = Text me a code
fresh-begin-voice = Call me with a code
fresh-app-hint = Have your authenticator app ready.
fresh-sms-hint = We send a text message to the number ending { $digits }.
fresh-voice-hint = We call the number ending { $digits } and read the code three times.
fresh-submit = Continue
fresh-cancel = Go back without a code
