
### Asking existing accounts
