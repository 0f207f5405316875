
### Recovery, mailed links, password reset
