
### Users and permissions
