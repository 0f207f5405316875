### What a form sent when its session had ended

held-kept = What you sent is kept until { $time }; after signing in you can send it.
held-kept-code = What you sent is kept until { $time }; after the code you can send it.
held-too-large = What you sent is too large to keep, so it has to be sent once more. Your browser's Back button may still show what you typed.
held-no-room = What you sent could not be kept, so it has to be sent once more. Your browser's Back button may still show what you typed.

held-heading = Send what you entered?
held-lead = You sent a form at { $time } that has not reached { $service } yet. It's kept until { $until }.
held-to = It goes to
held-submit = Send it now
held-code = Enter a code first
held-code-hint = Sending this needs a fresh code. You come back to this page afterwards.
held-password = Choose a new password first
held-password-hint = A new password comes first. You come back to this page afterwards.
held-refused = You can't send this any more: your permissions have changed. You can still download it.
held-discard = Discard it
held-download = Download what you entered
held-back = Go back without sending

held-gone-heading = There is nothing to send
held-gone = It was kept until its time was over, or it has been discarded. Enter it once more if you still need it.
held-sent-heading = It has been sent already
held-sent = What you entered went to { $service } at { $time }, and it is never sent twice. Open the page there to see what became of it.
held-other-heading = This was sent by another account
held-other = Another account was signed in when this was sent, so it can't be sent from this one. Sign out and sign in with that account by { $time }.
