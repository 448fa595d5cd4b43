// Package line says what text fits into one line: of a page, a printed sign, a log.
package line

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Fits reports whether s is UTF-8 of at most so many characters, none of which is a control character or would break the line. Empty text fits.
func Fits(s string, most int) bool {
	return utf8.ValidString(s) && utf8.RuneCountInString(s) <= most && !strings.ContainsFunc(s, breaks)
}

func breaks(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' }
