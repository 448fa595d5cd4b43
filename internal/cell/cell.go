// Package cell keeps what stands in a table's cells text: a spreadsheet that opens a CSV file takes some of it for formulas.
package cell

import (
	"strings"
	"unicode/utf8"
)

const formulaSigns = "=+-@＝＋－＠\t\r\n" // spreadsheets of some languages take those of full width as well

// Guard is s so that no spreadsheet takes it for a formula: with an apostrophe before it where it begins like one.
func Guard(s string) string {
	if begins(s) {
		return "'" + s
	}
	return s
}

// Unguard takes away what Guard added, so that a file that was written here reads as it was.
func Unguard(s string) string {
	if rest, ok := strings.CutPrefix(s, "'"); ok && begins(rest) {
		return rest
	}
	return s
}

func begins(s string) bool {
	first, _ := utf8.DecodeRuneInString(s)
	return strings.ContainsRune(formulaSigns, first)
}
