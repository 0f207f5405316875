
### Advanced security settings and the fresh code
