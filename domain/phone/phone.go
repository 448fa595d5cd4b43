// Package phone says what can be a telephone number: as people write it, for reading and for dialling.
package phone

import "strings"

// Valid reports whether s can be a number: digits, +, -, parentheses and spaces, 30 at most, and 3 digits at least.
func Valid(s string) bool {
	digits := 0
	for _, r := range s {
		if '0' <= r && r <= '9' {
			digits++
		}
	}
	return digits >= 3 && len(s) <= 30 && strings.Trim(s, "0123456789+() -") == ""
}

// Grouped is a Chinese mobile number as people read it out, 3 4 4; any other stays as it was written.
func Grouped(s string) string {
	if len(s) != 11 || s[0] != '1' || strings.Trim(s, "0123456789") != "" {
		return s
	}
	return s[:3] + " " + s[3:7] + " " + s[7:]
}

// Dial is a number as a link: tel: and what is dialled of it, the digits, after a + where it begins with one. "": there is nothing to dial.
func Dial(s string) string {
	digits := strings.Map(func(r rune) rune {
		if '0' <= r && r <= '9' {
			return r
		}
		return -1
	}, s)
	switch {
	case digits == "":
		return ""
	case strings.HasPrefix(strings.TrimLeft(s, " ("), "+"):
		digits = "+" + digits
	}
	return "tel:" + digits
}
