// Package cell keeps what stands in a table's cells text: a spreadsheet that opens a CSV file takes some of it for formulas.
package cell

import "strings"

const formulaSigns = "=+-@\t\r\n"

// Guard is s so that no spreadsheet takes it for a formula: with an apostrophe before it where it begins like one.
func Guard(s string) string {
	if s != "" && strings.ContainsRune(formulaSigns, rune(s[0])) {
		return "'" + s
	}
	return s
}

// Unguard takes away what Guard added, so that a file that was written here reads as it was.
func Unguard(s string) string {
	if len(s) > 1 && s[0] == '\'' && strings.ContainsRune(formulaSigns, rune(s[1])) {
		return s[1:]
	}
	return s
}
