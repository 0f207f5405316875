# Why a chosen password was refused.
password-show = Show the password
password-too-short = That password is too short. Use at least { $least } characters; several words in a row are easy to remember.
password-too-long = That password is too long. Use at most { $most } characters.
password-common = Many people use that password, so it is tried first by anyone who guesses. Choose another one.
password-names = That password is made of your name, your email address or the name of this service. Choose one that can't be guessed from them.
password-unchanged = That's the password you have now. Choose a different one.
