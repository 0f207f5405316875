
## Two-step verification comes in step by step

rollout-grace = Set this up by { $date }. Until then you can put it off { $times ->
    [one] once more
   *[other] { $times } more times
}.
rollout-over = You can't put this off any more. Set it up now to go on to { $service }.
rollout-later = Do this later
enable-heading = Enable two-step verification
enable-lead = You signed in with your password only. Your security settings and other protected pages need two-step verification. Enter your password once more, then set up two ways to get a code.
enable-name = User name
enable-wrong = That password isn't right. Check it and try again.
enable-missing = Enter your password.
enable-back = Back to { $service }
