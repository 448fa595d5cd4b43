package db_test

import (
	"strings"
	"testing"
)

// TestAMoveTakesEveryColumnAlong: what a later migration adds to a table must be copied where rows move to another district.
func TestAMoveTakesEveryColumnAlong(t *testing.T) {
	conn := connect(t)
	all := namedStatements(t)
	for table, statement := range map[string]string{"building": "move.Building", "unit": "move.Units", "unit_people": "move.People", "entity_record": "move.Records", "dwelling": "move.Dwellings",
		"household": "move.Households", "legal_entity": "move.Entities", "external_ref": "move.Numbers", "board_print": "move.Prints",
		"road": "place.MoveRoads", "land": "place.MoveLand", "resident": "move.Residents", "residency": "move.Residencies", "care_tag": "move.CareTags", "household_form": "move.Forms"} {
		_, insert, _ := strings.Cut(all[statement], "INSERT INTO "+table+" (")
		list, _, found := strings.Cut(insert, ")")
		if !found {
			t.Fatalf("%s does not insert into %s", statement, table)
		}
		copied := map[string]bool{}
		for _, column := range strings.Split(list, ",") {
			copied[strings.TrimSpace(column)] = true
		}
		rows, err := conn.Query(t.Context(), "SELECT column_name FROM information_schema.columns WHERE table_name = $1 AND is_generated = 'NEVER'", table)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for rows.Next() {
			var column string
			if err := rows.Scan(&column); err != nil {
				t.Fatal(err)
			}
			if n++; !copied[column] {
				t.Errorf("%s leaves %s.%s behind", statement, table, column)
			}
		}
		if err := rows.Err(); err != nil || n == 0 {
			t.Fatalf("%s has %d columns, %v", table, n, err)
		}
	}
	// What a building's rows are referred to by must move with them.
	var referring string
	err := conn.QueryRow(t.Context(), `SELECT string_agg(DISTINCT c.conrelid::regclass::text, ' ' ORDER BY c.conrelid::regclass::text)
		FROM pg_constraint c WHERE c.contype = 'f' AND c.confrelid IN ('building'::regclass, 'unit'::regclass, 'dwelling'::regclass, 'household'::regclass)`).Scan(&referring)
	if want := "assignment dwelling household household_form legal_entity residency unit unit_people"; err != nil || referring != want {
		t.Errorf("rows of buildings are referred to by %s (%v), want %s; see moveBuildings", referring, err, want)
	}
}
