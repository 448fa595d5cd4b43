package db

// MigrateUpFrom lets tests run migrations of their own.
var MigrateUpFrom = migrateUp

var Identity = identity
