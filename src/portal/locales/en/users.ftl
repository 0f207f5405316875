
## Users and permissions

users-heading = Users and permissions
users-lead = The people of { $seller }. Each has a sign-in of their own.
users-owner = Owner
users-you = You
users-email = Email address
users-display-name = Name to show (optional)
users-groups = Permissions
users-no-groups = None
users-two-step = Two-step verification
users-two-step-on = On: { $primary }, backup { $backup }
users-two-step-off = Not set up yet
users-last = Last sign-in
users-never = Never
users-shared = Several people seem to use this sign-in. Invite each of them to a sign-in of their own: everybody is asked for a code less often, and you see who did what.
users-edit = Change { $user }
users-invitations = Invited
users-invitation-until = The link works until { $time }.
users-invitation-over = The link has expired. Send the invitation again.
users-send-again = Send again
users-withdraw = Withdraw
users-invite-heading = Invite somebody
users-invite-lead = We send a link to this address. The person chooses a user name and a password there, and then sets up two-step verification.
users-invite = Send the invitation
users-no-mail = { $service } can't send email, so you can't invite people here. Ask the person who runs { $service } to add them.
users-full = There are as many people as there can be. Remove somebody first, or ask the person who runs { $service }.
users-settings = Advanced security settings

users-invited = The invitation is on its way.
users-sent-again = A new invitation is on its way. The link in the earlier one no longer works.
users-withdrawn = The invitation was withdrawn. Its link no longer works.
users-changed = The permissions were changed. They apply at once.
users-removed = The user was removed and signed out everywhere.
users-bad-address = That isn't an email address. Check it, like name@example.com.
users-bad-name = A name is at most 100 characters on one line. Shorten it.
users-already = One of your users has that email address already.
users-stale = Nothing was changed: the list had changed meanwhile. Here it is as it is now.

users-edit-heading = Permissions of { $user }
users-edit-lead = Tick what this person may do. Changes apply at once, also where the person is signed in.
users-fixed = Only the person who runs the service can change these: { $groups }
users-nothing-grantable = There are no permissions for you to give or take. Ask the person who runs { $service }.
users-save = Save
users-remove = Remove this user
users-back = Back to all users
users-remove-heading = Remove { $user }?
users-remove-what = The person is signed out everywhere at once and can't sign in any more. This can't be undone; you can invite them again.
users-keep = Keep this user
users-refused-heading = Only owners can open this page
users-refused = Here the owner of a seller account looks after its users. If you need another permission, ask your owner or the person who runs { $service }.

invited-heading = Make your sign-in
invited-lead = { $seller } invites you to { $service }. Choose a user name and a password that only you know.
invited-name = User name
invited-name-hint = Letters, digits, dots, dashes and underscores; at most 64.
invited-password-hint = At least 8 characters. A few words in a row are easy to remember and hard to guess.
invited-repeat = Password once more
invited-submit = Make my sign-in
invited-bad-name = A user name has 1 to 64 letters, digits, dots, dashes or underscores. Choose another one.
invited-name-taken = Somebody has that user name. Choose another one.
invited-email-taken = This email address belongs to a sign-in already. Sign in with that one, or ask to be invited at another address.
invited-differ = The two passwords differ. Enter the same one twice.
invited-too-many = That was tried too often today. Open the link again tomorrow.
invited-over-heading = This invitation has ended
invited-over = It was used, withdrawn or sent again, or its time is over. Ask the person who invited you for a new one.
invited-sign-in = Go to the sign-in page
notice-account-made = Your sign-in is ready. Enter your password to set up two-step verification.
signed-in-users = Users and permissions

users-settings-owner = You look after the users of your seller account.
users-settings-shared = Several people seem to use this sign-in, so it's asked for codes more often. With a sign-in of your own you can trust your device, and what you do is recorded under your name.
users-ask = Ask the owner for a sign-in of my own
users-asked = We've asked the owner by email.
users-asked-before = The owner was asked already today.
code-shared = Several people seem to use this sign-in, so codes are asked for more often. You can ask for a sign-in of your own in the security settings.
