package db

import (
	"strconv"
	"strings"
)

// MigrateUpFrom lets tests run migrations of their own.
var MigrateUpFrom = migrateUp

var Identity = identity

// LostWith are the tables that hold what is lost for good when a migration is taken back.
func LostWith(file string) (tables []string) {
	version, _, _ := strings.Cut(file, "_")
	n, _ := strconv.ParseInt(version, 10, 64)
	for _, rows := range lost[n] {
		table, _, _ := strings.Cut(rows, " ")
		tables = append(tables, table)
	}
	return tables
}
