// Package phone says what can be a telephone number: as people write it, for reading and for dialling.
package phone

import "strings"

// Valid reports whether s can be a number: 3 to 30 digits, +, -, parentheses and spaces.
func Valid(s string) bool {
	return len(s) >= 3 && len(s) <= 30 && strings.Trim(s, "0123456789+() -") == ""
}
