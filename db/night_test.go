package db_test

import "testing"

// TestMigratedNightPhonesAreGiven: the three lists of a division's night contacts hold no NULL, which no read of divisions takes.
func TestMigratedNightPhonesAreGiven(t *testing.T) {
	pool := plantMany(t, 10, 31.2)
	for lists, ok := range map[string]bool{
		"'{110}', '{a}', '{b}'": true, "'{NULL}', '{a}', '{b}'": false, "'{110,NULL}', '{a,b}', '{a,b}'": false,
		"'{110}', '{NULL}', '{b}'": false, "'{110}', '{a}', '{NULL}'": false,
	} {
		if _, err := pool.Exec(t.Context(), "UPDATE division SET (night_phones, night_names, night_names_en) = ROW("+lists+")"); (err == nil) != ok {
			t.Errorf("%s: %v", lists, err)
		}
	}
}
