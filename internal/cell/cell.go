// Package cell keeps what stands in a table's cells text: a spreadsheet that opens a CSV file takes some of it for formulas, and codes for numbers.
package cell

import (
	"regexp"
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

// number is what a spreadsheet takes for a number or a date, of which it keeps neither the digits after the fifteenth nor noughts in front.
var number = regexp.MustCompile(`^[0-9][0-9.,:/-]*([eE][0-9]+)?$`)

// Text is Guard for a code: it is kept as it is also where it looks like a number.
func Text(s string) string {
	if number.MatchString(s) {
		return "'" + s
	}
	return Guard(s)
}

// Unguard takes away what Guard and Text added, so that a file that was written here reads as it was.
func Unguard(s string) string {
	if rest, ok := strings.CutPrefix(s, "'"); ok && (begins(rest) || number.MatchString(rest)) {
		return rest
	}
	return s
}

func begins(s string) bool {
	first, _ := utf8.DecodeRuneInString(s)
	return strings.ContainsRune(formulaSigns, first)
}
