package secret

import (
	"regexp"
	"strings"
	"time"

	"golang.org/x/text/width"
)

// IdentityNumber is the number of an identity card as it is kept and found: in half width, without spaces and hyphens, its last X a capital.
func IdentityNumber(s string) string {
	s = strings.ToUpper(width.Narrow.String(s))
	return strings.Map(func(r rune) rune {
		switch r {
		case ' ', '-', '\u00a0', '\u3000', '\t':
			return -1
		}
		return r
	}, s)
}

var identityForm = regexp.MustCompile(`^[1-9][0-9]{16}[0-9X]$`)

// IdentityCheck is what a number of an identity card is found to be.
type IdentityCheck int

// The findings. One with a wrong check digit or day may be in a register all the same: somebody says so, and it is kept.
const (
	IdentityRight IdentityCheck = iota
	IdentityForm                // not 17 digits and a digit or X
	IdentityDay                 // its day of birth is none, or has not come
	IdentityDigit               // its check digit is wrong (GB 11643)
)

// CheckIdentity looks at a number as IdentityNumber writes it.
func CheckIdentity(s string, now time.Time) IdentityCheck {
	if !identityForm.MatchString(s) {
		return IdentityForm
	}
	if born, err := time.Parse("20060102", s[6:14]); err != nil || born.Year() < 1850 || born.After(now) {
		return IdentityDay
	}
	if s[17] != checkDigit(s[:17]) {
		return IdentityDigit
	}
	return IdentityRight
}

// checkDigit is that of GB 11643 (ISO 7064, MOD 11-2).
func checkDigit(digits string) byte {
	sum := 0
	for i := range digits {
		weight := 1
		for range len(digits) - i {
			weight = weight * 2 % 11
		}
		sum += int(digits[i]-'0') * weight
	}
	return "10X98765432"[sum%11]
}

// BornOn is the day of birth that a right number of an identity card says, as YYYY-MM-DD.
func BornOn(number string) string { return number[6:10] + "-" + number[10:12] + "-" + number[12:14] }

// Digits are the digits of a text, those in full width too: a telephone number as it is found.
func Digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, width.Narrow.String(s))
}
