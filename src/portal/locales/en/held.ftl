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
held-what = What will be sent
held-show-all = Show all fields
held-more = And { $count ->
    [one] one more field
   *[other] { $count } more fields
} that this page doesn't show; the download has them.
held-empty = The form was empty.
held-unreadable = { $size } that can't be shown as text
held-value-empty = Empty
held-value-secret = Not shown
held-value-file = File: { $name } ({ $size })
size-bytes = { $count ->
    [one] { $count } byte
   *[other] { $count } bytes
}
size-kilobytes = { $count } KB
size-megabytes = { $count } MB
held-download = Download what you entered
held-file-lines = A text file with a line for each field, passwords and the like included.
held-file-text = A text file as it was sent.
held-file-raw = The file holds everything as your browser sent it. Programs can read it better than people.
held-back = Go back without sending
held-discard-ask = Discard it

held-discard-heading = Discard what you entered?
held-discard-what = It's deleted and can't be brought back. Nothing is sent.
held-discard = Discard it
held-keep = Keep it
held-discarded-heading = Discarded
held-discarded = What you entered was deleted. Nothing was sent.

held-waiting-heading = Not sent yet
held-waiting = Your session ended, or a code was needed, before these reached { $service }. Look at them and send or discard them.
held-one = Form for { $path }
held-until = Kept until { $time }
held-several-heading = Forms that haven't been sent yet
held-several = These have not reached { $service } yet. Choose one to send or discard it.
held-none = No form of yours is waiting on this browser.

held-gone-heading = There is nothing to send
held-gone = It was kept until its time was over, or it has been discarded. Enter it once more if you still need it.
held-sent-heading = It has been sent already
held-sent = What you entered went to { $service } at { $time }, and it is never sent twice. Open the page there to see what became of it.
held-other-heading = This was sent by another account
held-other = Another account was signed in when this was sent, so it can't be sent from this one. Sign out and sign in with that account by { $time }.
